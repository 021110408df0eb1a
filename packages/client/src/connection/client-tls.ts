import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import { SpanStoreError } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";

/** The certificates that client and server check, all in PEM. */
export interface ClientTls {
  /** The authorities to trust. Default: those of Node.js. */
  readonly ca?: string | Buffer | undefined;
  /** The client's certificate and key, for a server that asks for one. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** The name in the server's certificate. Default: the host of the address. */
  readonly serverName?: string | undefined;
}

/** Creates grpc-js's credentials. @throws INVALID_OPTIONS for a certificate or key that cannot be used. */
export function channelCredentials({ ca, cert, key }: ClientTls): ChannelCredentials {
  try {
    return credentials.createSsl(bytesOf(ca), bytesOf(key), bytesOf(cert));
  } catch (cause) {
    const reason = messageOf(cause);
    throw new SpanStoreError("INVALID_OPTIONS", `tls can not be used: ${reason}`, { field: "tls", cause });
  }
}

function bytesOf(pem: string | Buffer | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}
