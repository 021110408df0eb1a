import { SpanStoreError } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";
import { reloadedFiles } from "./reloaded-files.js";
import { type Grant, grantOf, type Role, type TokenEntry, tokensOfFile, tokensOfWords } from "./tokens.js";

export interface AuthOptions {
  /** A file of tokens, read again when it changes. */
  readonly tokensFile?: string | undefined;
  /** Tokens beside those of the file: `ROLE:TOKEN`. */
  readonly tokens?: readonly string[] | undefined;
  /** The interval of checks of the file, in milliseconds. Default: 10 s. */
  readonly reloadIntervalMs?: number;
}

/** The right that a call needs: none, any token, or a role. */
export type Need = "nothing" | "token" | Role;

export interface AuthObserver {
  refused(reason: "missing" | "unknown" | "role" | "tenant"): void;
  reloaded(): void;
  reloadFailed(error: unknown): void;
}

export interface Authorizer {
  /**
   * @param headers the values of the call's `authorization` header.
   * @returns the token's grant; undefined when the call needs nothing.
   * @throws UNAUTHENTICATED for a missing or unknown token, PERMISSION_DENIED for one of another role.
   */
  readonly authorize: (headers: readonly string[], need: Need) => Grant | undefined;
  /** @throws PERMISSION_DENIED when the grant excludes the tenant. */
  readonly checkTenant: (grant: Grant, tenant: string | undefined) => void;
  /** Reads the file of tokens now. */
  readonly reload: () => Promise<void>;
  readonly stop: () => void;
}

/** @throws INVALID_OPTIONS for an invalid token, or without any. */
export async function openAuthorizer(options: AuthOptions, observer: AuthObserver): Promise<Authorizer> {
  const fixed = tokensOfWords(options.tokens ?? []);
  const { tokensFile, reloadIntervalMs = 10_000 } = options;
  const entries =
    tokensFile === undefined
      ? { current: (): readonly TokenEntry[] => fixed, reload: async () => {}, stop: () => {} }
      : await reloadedFiles({
          files: [tokensFile],
          parse: ([content]) => [...fixed, ...tokensOfFile(content as Buffer)],
          intervalMs: reloadIntervalMs,
          changed: () => observer.reloaded(),
          failed: (error) => observer.reloadFailed(error),
        }).catch((cause: unknown) => {
          throw new SpanStoreError("INVALID_OPTIONS", `cannot use the file of tokens: ${messageOf(cause)}`, {
            field: "auth",
            cause,
          });
        });

  const refuse = (code: "UNAUTHENTICATED" | "PERMISSION_DENIED", message: string, hint?: string): never => {
    throw new SpanStoreError(code, message, { field: "authorization", hint });
  };

  return {
    authorize: (headers, need) => {
      if (need === "nothing") return undefined;
      const token = /^bearer +([!-~]+)$/i.exec(headers.length === 1 ? (headers[0] as string) : "")?.[1];
      if (token === undefined) {
        observer.refused("missing");
        return refuse(
          "UNAUTHENTICATED",
          "the call brings no bearer token",
          "send authorization: Bearer TOKEN",
        );
      }
      const grant = grantOf(entries.current(), token);
      if (grant === undefined) {
        observer.refused("unknown");
        return refuse("UNAUTHENTICATED", "the bearer token is not known");
      }
      if (need !== "token" && grant.role !== "all" && grant.role !== need) {
        observer.refused("role");
        return refuse("PERMISSION_DENIED", `the bearer token is not for calls that need the role ${need}`);
      }
      return grant;
    },
    checkTenant: ({ tenants }, tenant) => {
      if (tenants === undefined || (tenant !== undefined && tenants.includes(tenant))) return;
      observer.refused("tenant");
      refuse("PERMISSION_DENIED", "the bearer token is not for this tenant");
    },
    reload: entries.reload,
    stop: entries.stop,
  };
}
