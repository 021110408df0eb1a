import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions, type SecureVersion } from "node:tls";
import { SpanStoreError } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";
import { reloadedFiles } from "./reloaded-files.js";

export interface TlsOptions {
  /** The server's certificate, and those between it and its authority; PEM. */
  readonly certFile: string;
  /** Its private key, PEM. */
  readonly keyFile: string;
  /** The authorities whose clients are let in; PEM. Without it no client needs a certificate. */
  readonly clientCaFile?: string | undefined;
  /** Default: 1.2. */
  readonly minVersion?: "1.2" | "1.3";
  /** How often the files are looked at for changes, in milliseconds. Default: 10 s. */
  readonly reloadIntervalMs?: number;
}

/** Is told what becomes of certificates that changed. */
export interface TlsObserver {
  /** @param notAfter when the certificate in use ends, in milliseconds since 1970. */
  inUse(notAfter: number): void;
  reloaded(): void;
  reloadFailed(error: unknown): void;
}

/** The certificates that new connections get, as their files are now. */
export interface TlsSource {
  /** Whether clients have to show a certificate. */
  readonly mutual: boolean;
  readonly current: () => SecureContextOptions;
  /** Told of every change; connections that are open keep what they began with. */
  readonly onChange: (listener: (context: SecureContextOptions) => void) => void;
  readonly stop: () => void;
}

/** @throws INVALID_OPTIONS naming the option whose file is missing or no good. */
export async function openTls(options: TlsOptions, observer: TlsObserver): Promise<TlsSource> {
  const { certFile, keyFile, clientCaFile, minVersion = "1.2", reloadIntervalMs = 10_000 } = options;
  const listeners: ((context: SecureContextOptions) => void)[] = [];
  const parse = ([cert, key, ca]: readonly Buffer[]): SecureContextOptions => {
    const context: SecureContextOptions = {
      cert: cert as Buffer,
      key: key as Buffer,
      ...(ca === undefined ? {} : { ca }),
      minVersion: `TLSv${minVersion}` satisfies SecureVersion,
    };
    observer.inUse(checked(context));
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
      stop: files.stop,
    };
  } catch (cause) {
    throw new SpanStoreError("INVALID_OPTIONS", `the TLS certificate is no good: ${messageOf(cause)}`, {
      field: "tls",
      hint: "cert-file and key-file are PEM, and belong together",
      cause,
    });
  }
}

/** What TLS would fail with at the first connection fails here. @returns when the certificate ends. */
function checked(context: SecureContextOptions): number {
  createSecureContext(context);
  const certificate = new X509Certificate(context.cert as Buffer);
  if (!certificate.checkPrivateKey(createPrivateKey(context.key as Buffer))) {
    throw new Error("the key is not the certificate's");
  }
  if (context.ca !== undefined) {
    const authorities = String(context.ca).match(/-----BEGIN CERTIFICATE-----/g) ?? [];
    if (authorities.length === 0) throw new Error("the clients' authorities have no certificate in PEM");
    new X509Certificate(context.ca as Buffer);
  }
  return Date.parse(certificate.validTo);
}
