import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Finding } from "@spanstore/core/engine";
import { type Config, fileProblem } from "@spanstore/grpc-server/program";
import { diagnoseCertificates } from "./certificates.js";

const certificateOptions = [
  "tls.cert-file",
  "tls.client-ca-file",
  "manticore.ca-file",
  "elasticsearch.ca-file",
] as const;
const secretOptions = ["tls.key-file", "auth.tokens-file"] as const;

/** Checks the files of options outside the store: that they can be read or written, are valid, and keep secrets secret. */
export function diagnoseFiles(config: Config): Finding[] {
  const findings: Finding[] = [];
  for (const option of certificateOptions) {
    if (config[option] !== "none") findings.push(...diagnoseCertificates(`--${option}`, config[option]));
  }
  for (const option of secretOptions) {
    if (config[option] !== "none") findings.push(secretFinding(`--${option}`, config[option]));
  }
  const letters = config["dead-letters.file"];
  if (letters !== "none") findings.push(writableFinding("--dead-letters.file", letters));
  return findings;
}

function secretFinding(subject: string, path: string): Finding {
  try {
    readFileSync(path);
    const isOpen = process.platform !== "win32" && (statSync(path).mode & 0o007) !== 0;
    return isOpen
      ? {
          level: "warning",
          subject,
          text: `${path} can be read or written by every user of this machine`,
          advice: `chmod o-rwx ${path}`,
        }
      : { level: "ok", subject, text: `${path} can be read` };
  } catch (error) {
    return {
      level: "problem",
      subject,
      text: fileProblem("read", path, error),
      advice: "name a file that this user can read",
    };
  }
}

function writableFinding(subject: string, path: string): Finding {
  const folder = resolve(dirname(path));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return { level: "ok", subject, text: `${folder} can be written` };
  } catch (error) {
    return {
      level: "problem",
      subject,
      text: fileProblem("write", path, error),
      advice: "name a file in a folder that can be written",
    };
  }
}
