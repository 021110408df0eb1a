import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, isIP, type Server as NetServer, type Socket } from "node:net";
import type { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { messageOf } from "@spanstore/core/engine";

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

/** An open gRPC port. */
export interface GrpcPort {
  /** The address, with the actual port. */
  readonly address: Address;
  /** Refuses new connections. Resolves when the open ones are closed. */
  close(): Promise<void>;
}

/**
 * Opens a port for a gRPC server, on every address of the host's name.
 * @param admit called with every connection; returns false for one that it has closed.
 */
export async function listenGrpc(
  server: GrpcServer,
  address: Address,
  credentials: ServerCredentials,
  admit: (socket: Socket) => boolean,
): Promise<GrpcPort> {
  const injector = server.createConnectionInjector(credentials);
  const connected = (socket: Socket): void => {
    if (admit(socket)) injector.injectConnection(socket);
  };
  const ports: NetServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(ports.map((listener) => once(listener.close(), "close")));
  };
  let { port } = address;
  let missing: unknown;
  try {
    for (const host of await addressesOf(address.host)) {
      const listener = createServer({ noDelay: true }, connected);
      try {
        port = await listen(listener, { host, port });
        ports.push(listener);
      } catch (error) {
        // A name may also have addresses of other machines.
        if (!isMissingAddress(error)) throw error;
        missing = error;
      }
    }
    if (ports.length === 0) throw missing;
  } catch (error) {
    void close();
    throw listenError(address, error);
  }
  return { address: { host: address.host, port }, close };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function isMissingAddress(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

/** @returns the address with the port that was opened. */
export async function listenHttp(server: NetServer, address: Address): Promise<Address> {
  try {
    return { host: address.host, port: await listen(server, address) };
  } catch (error) {
    throw listenError(address, error);
  }
}

async function listen(server: NetServer, { host, port }: Address): Promise<number> {
  server.listen(port, host);
  await once(server, "listening");
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : port;
}

/** System errors in words. */
const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "unknown host",
};

/** The error of a port that cannot be opened. */
export function listenError(address: Address, cause: unknown): ListenError {
  const reason = reasons[codeOf(cause)] ?? messageOf(cause);
  return new ListenError(`cannot listen on ${formatAddress(address)}: ${reason}`, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
