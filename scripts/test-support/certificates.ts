import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An authority that openssl made for a test. */
export interface Authority {
  /** Its own certificate, PEM. */
  readonly ca: string;
  readonly caFile: string;
  /** Issues a certificate, for hosts as `DNS:localhost` or `IP:127.0.0.1`; without hosts, for a client. */
  readonly issue: (name: string, ...hosts: readonly string[]) => Issued;
  /** The same, of one that ended a day ago. */
  readonly issueExpired: (name: string, ...hosts: readonly string[]) => Issued;
  /** Removes all files. */
  readonly remove: () => void;
}

export interface Issued {
  readonly certFile: string;
  readonly keyFile: string;
}

const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-authority-"));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };
  openssl(
    "req",
    "-x509",
    ...key,
    "-days",
    "2",
    "-subj",
    "/CN=test authority",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
  );
  const issue = (days: string, name: string, hosts: readonly string[]): Issued => {
    openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    writeFileSync(file(`${name}.ext`), hosts.length === 0 ? "" : `subjectAltName=${hosts.join(",")}\n`);
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days];
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signed,
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.pem`,
    );
    return { certFile: file(`${name}.pem`), keyFile: file(`${name}.key`) };
  };
  return {
    ca: readFileSync(file("ca.pem"), "utf8"),
    caFile: file("ca.pem"),
    issue: (name, ...hosts) => issue("2", name, hosts),
    issueExpired: (name, ...hosts) => issue("-1", name, hosts),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
