import type { Server as HttpServer } from "node:http";
import type { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads HOST:PORT; an IPv6 host stands in brackets, an empty host means all interfaces, port 0 any
 * free port. Undefined when the text is no address.
 */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { host: match[1] ?? (match[2] || "::"), port };
}

/** An address as HOST:PORT. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A server could not open its port; the message says which and why. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** @returns the address with the port that was opened. */
export function listenGrpc(
  server: GrpcServer,
  address: Address,
  credentials: ServerCredentials,
): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.bindAsync(formatAddress(address), credentials, (error, port) => {
      if (error) reject(listenError(address, error));
      else resolve({ host: address.host, port });
    });
  });
}

/** @returns the address with the port that was opened. */
export function listenHttp(server: HttpServer, address: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(listenError(address, error));
    server.once("error", refuse);
    server.listen(address.port, address.host, () => {
      server.off("error", refuse);
      const bound = server.address();
      const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
      resolve({ host: address.host, port });
    });
  });
}

/** System errors in words; grpc-js gives only their text. */
const reasons: readonly (readonly [code: string, words: string])[] = [
  ["EADDRINUSE", "the port is in use"],
  ["EACCES", "permission denied"],
  ["EADDRNOTAVAIL", "this machine has no such address"],
  ["ENOTFOUND", "unknown host"],
];

/** What a port that cannot be opened is told by. */
export function listenError(address: Address, cause: Error): ListenError {
  const reason = reasons.find(([code]) => cause.message.includes(code))?.[1] ?? cause.message;
  return new ListenError(`cannot listen on ${formatAddress(address)}: ${reason}`, { cause });
}
