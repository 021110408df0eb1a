import type { Logger } from "pino";
import type { Metrics } from "../upkeep/metrics.js";
import { type AuthOptions, type Authorizer, openAuthorizer } from "./authorizer.js";
import { openTls, type TlsOptions, type TlsSource } from "./tls-source.js";

/** TLS and tokens, from files that are reloaded when they change. */
export interface Security {
  readonly tls: TlsSource | undefined;
  readonly authorizer: Authorizer | undefined;
  /** Reads the files now. */
  readonly reload: () => Promise<void>;
  readonly stop: () => void;
}

/** @throws INVALID_OPTIONS for certificates or tokens that cannot be used. */
export async function openSecurity(
  options: { readonly tls?: TlsOptions | undefined; readonly auth?: AuthOptions | undefined },
  metrics: Metrics,
  log: Logger,
): Promise<Security> {
  const told = (what: "tls" | "tokens") => ({
    reloaded: () => {
      metrics.reloaded(what, true);
      log.info({ what }, "a file changed and is in use");
    },
    reloadFailed: (error: unknown) => {
      metrics.reloaded(what, false);
      log.error({ what, err: error }, "a changed file cannot be used; the one before stays in use");
    },
  });
  const tls =
    options.tls &&
    (await openTls(options.tls, { ...told("tls"), inUse: (ends) => metrics.certificateEnds(ends) }));
  try {
    const authorizer =
      options.auth &&
      (await openAuthorizer(options.auth, {
        ...told("tokens"),
        refused: (reason) => metrics.authRefused(reason),
      }));
    return {
      tls,
      authorizer,
      reload: async () => {
        await Promise.all([tls?.reload(), authorizer?.reload()]);
      },
      stop: () => {
        tls?.stop();
        authorizer?.stop();
      },
    };
  } catch (error) {
    tls?.stop();
    throw error;
  }
}
