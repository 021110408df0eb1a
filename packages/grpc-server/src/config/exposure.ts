import { type Address, parseAddress } from "@spanstore/rpc";
import type { Config } from "./options.js";

/** A security risk of a configuration, and its remedy. */
export interface Exposure {
  readonly text: string;
  readonly advice: string;
}

const listening = ["listen", "archive.listen", "http.listen", "admin"] as const;

/** The risk of ports that other machines reach without authentication or without encryption; undefined without one. */
export function exposureOf(config: Config): Exposure | undefined {
  const open = listening.filter((name) => isReachable(config[name]));
  if (open.length === 0) return undefined;
  const where = new Intl.ListFormat("en-GB").format(open.map((name) => `--${name}=${config[name]}`));
  const hasTokens = config["auth.tokens-file"] !== "none" || config["auth.tokens"].length > 0;
  const hasTls = config["tls.cert-file"] !== "none";
  if (!hasTokens && (!hasTls || config["tls.client-ca-file"] === "none")) {
    return {
      text: `other machines reach ${where}, and everyone who does may read and write all spans`,
      advice: "set --auth.tokens-file and --tls.cert-file, or listen at 127.0.0.1",
    };
  }
  if (hasTls) return undefined;
  return {
    text: `other machines reach ${where} without TLS, so that tokens and spans can be read on the way`,
    advice: "set --tls.cert-file and --tls.key-file, or put something before it that speaks TLS",
  };
}

function isReachable(listen: string): boolean {
  if (listen === "none") return false;
  const { host } = parseAddress(listen) as Address;
  return !(/^127\./.test(host) || host === "::1" || host === "localhost");
}
