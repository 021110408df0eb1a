import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import { SpanStoreError } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";

/** How a client knows the server, and the server the client; PEM throughout. */
export interface ClientTls {
  /** Authorities to trust. Default: those that Node trusts. */
  readonly ca?: string | Buffer | undefined;
  /** The client's certificate, where the server wants one, and its key. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** The name that the server's certificate is for. Default: the host of the address. */
  readonly serverName?: string | undefined;
}

/** Makes grpc-js's credentials. @throws INVALID_OPTIONS for a certificate or key that can not be used. */
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
