import { z } from "zod";
import { option } from "../option.js";
import { optionalWords } from "../values.js";

const httpAddress = z
  .string()
  .refine(
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ""),
    "must be a URL, for example http://localhost:9093",
  );

/** Watches over the spans that arrive. */
export const watchOptions = {
  "watch.file": option(
    "FILE|none",
    "Watches over the spans that arrive, as YAML. Read again when it changes, and at SIGHUP.",
    z.string().default("none"),
  ),
  "watch.state": option(
    "FILE|none",
    "Where alerts that fire, or wait for a receiver, outlive the server. Default: the file of the watches with .state after its name.",
    z.string().default("none"),
  ),
  "watch.alertmanager": option(
    "URL,URL|none",
    "Alertmanagers that alerts are sent to, beside those of the file.",
    optionalWords.pipe(z.array(httpAddress)).default([]),
    { isAddress: true },
  ),
  "watch.webhook": option(
    "URL,URL|none",
    "Addresses that alerts are posted to as an Alertmanager does, beside those of the file.",
    optionalWords.pipe(z.array(httpAddress)).default([]),
    // The path is often a secret.
    { isSecret: true },
  ),
  "watch.link": option(
    "URL|none",
    "The link of an alert to a trace, with {traceId} in it. Default: the page of this server.",
    z
      .string()
      .refine(
        (text) => text === "none" || text.includes("{traceId}"),
        "must be a URL with {traceId} in it, or none",
      )
      .default("none"),
  ),
};
