import { z } from "zod";
import { option } from "../option.js";
import { optionalWords } from "../values.js";

const httpAddress = z
  .string()
  .refine(
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ""),
    "must be a URL, for example http://localhost:9093",
  );

/** Watches over arriving spans. */
export const watchOptions = {
  "watch.file": option(
    "FILE|none",
    "Watches over arriving spans, as YAML. Read again when the file changes, and at SIGHUP.",
    z.string().default("none"),
  ),
  "watch.state": option(
    "FILE|none",
    "The file that keeps firing and undelivered alerts. Default: the file of the watches with .state after its name.",
    z.string().default("none"),
  ),
  "watch.alertmanager": option(
    "URL,URL|none",
    "Alertmanagers for alerts, beside those of the file.",
    optionalWords.pipe(z.array(httpAddress)).default([]),
    { isAddress: true },
  ),
  "watch.webhook": option(
    "URL,URL|none",
    "Addresses that alerts are posted to in an Alertmanager's form, beside those of the file.",
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
