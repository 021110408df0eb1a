import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions, type SecureVersion } from "node:tls";
import { SpanStoreError } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";
import { reloadedFiles } from "./reloaded-files.js";

export interface TlsOptions {
  /** The server's certificate and its intermediate certificates, PEM. */
  readonly certFile: string;
  /** Its private key, PEM. */
  readonly keyFile: string;
  /** The authorities of clients' certificates, PEM. Default: clients need no certificate. */
  readonly clientCaFile?: string | undefined;
  /** Default: 1.2. */
  readonly minVersion?: "1.2" | "1.3";
  /** The interval of checks of the files, in milliseconds. Default: 10 s. */
  readonly reloadIntervalMs?: number;
}

/** Callbacks for changes of certificates. */
export interface TlsObserver {
  /** @param notAfter when the certificate in use ends, in milliseconds since 1970. */
  inUse(notAfter: number): void;
  reloaded(): void;
  reloadFailed(error: unknown): void;
}

/** The current certificates, for new connections. */
export interface TlsSource {
  /** Whether clients must show a certificate. */
  readonly mutual: boolean;
  readonly current: () => SecureContextOptions;
  /** Calls the listener at every change. Open connections keep their certificates. */
  readonly onChange: (listener: (context: SecureContextOptions) => void) => void;
  /** Reads the files now. */
  readonly reload: () => Promise<void>;
  readonly stop: () => void;
}

/**
 * @param now the time in milliseconds since 1970.
 * @throws INVALID_OPTIONS for a file that is missing or no PEM, or a certificate that has expired or is not valid yet.
 */
export async function openTls(
  options: TlsOptions,
  observer: TlsObserver,
  now: () => number = Date.now,
): Promise<TlsSource> {
  const { certFile, keyFile, clientCaFile, minVersion = "1.2", reloadIntervalMs = 10_000 } = options;
  const listeners: ((context: SecureContextOptions) => void)[] = [];
  const parse = ([cert, key, ca]: readonly Buffer[]): SecureContextOptions => {
    const context: SecureContextOptions = {
      cert: cert as Buffer,
      key: key as Buffer,
      ...(ca === undefined ? {} : { ca }),
      minVersion: `TLSv${minVersion}` satisfies SecureVersion,
    };
    observer.inUse(checked(context, now()));
    return context;
  };
  try {
    const files = await reloadedFiles({
      files: [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])],
      parse,
      intervalMs: reloadIntervalMs,
      changed: (context) => {
        observer.reloaded();
        for (const listener of listeners) listener(context);
      },
      failed: (error) => observer.reloadFailed(error),
    });
    return {
      mutual: clientCaFile !== undefined,
      current: files.current,
      onChange: (listener) => void listeners.push(listener),
      reload: files.reload,
      stop: files.stop,
    };
  } catch (cause) {
    throw new SpanStoreError("INVALID_OPTIONS", `the TLS certificate cannot be used: ${messageOf(cause)}`, {
      field: "tls",
      hint: "cert-file and key-file are PEM, belong together and are valid now",
      cause,
    });
  }
}

/** Checks certificates before the first connection does. @returns when the certificate ends, in milliseconds since 1970. */
function checked(context: SecureContextOptions, now: number): number {
  createSecureContext(context);
  const certificate = new X509Certificate(context.cert as Buffer);
  if (!certificate.checkPrivateKey(createPrivateKey(context.key as Buffer))) {
    throw new Error("the key is not the certificate's");
  }
  for (const one of certificatesOf(context.cert as Buffer)) checkTime(one, now);
  if (context.ca !== undefined) {
    const [first, ...others] = certificatesOf(context.ca as Buffer);
    if (first === undefined) throw new Error("the clients' authorities have no certificate in PEM");
    // An expired authority may stay beside its successor.
    if (!others.some((other) => isValidAt(other, now))) checkTime(first, now);
  }
  return Date.parse(certificate.validTo);
}

function certificatesOf(pem: Buffer): X509Certificate[] {
  const blocks = String(pem).match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

function isValidAt({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now < Date.parse(validTo);
}

/** @throws for a certificate that has expired or is not valid yet, since clients would refuse it. */
function checkTime(certificate: X509Certificate, now: number): void {
  if (isValidAt(certificate, now)) return;
  const { subject, validFrom, validTo } = certificate;
  const name = subject.replaceAll("\n", ", ");
  const [what, when] =
    now < Date.parse(validFrom) ? ["is not valid before", validFrom] : ["expired at", validTo];
  throw new Error(`the certificate of ${name} ${what} ${new Date(when).toISOString()}`);
}
