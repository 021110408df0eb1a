import type { SecureServerOptions } from "node:http2";
import type { SecureContextOptions } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";
import type { TlsSource } from "./tls-source.js";

/** grpc-js's credentials of a source whose certificates change; grpc-js offers no function for such. */
class ReloadedCredentials extends ServerCredentials {
  constructor(source: TlsSource) {
    const settings: SecureServerOptions = { requestCert: source.mutual, rejectUnauthorized: source.mutual };
    super(settings, source.current());
    source.onChange((context: SecureContextOptions) => this.updateSecureContextOptions(context));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** What a gRPC server listens with: plain text without a source. */
export function serverCredentials(source: TlsSource | undefined): ServerCredentials {
  return source === undefined ? ServerCredentials.createInsecure() : new ReloadedCredentials(source);
}
