import type { Socket } from "node:net";

/** The connections of a port, bounded in number. */
export interface Connections {
  /**
   * Counts a connection until it closes. Beyond the bound, it closes the longest idle connection.
   * @returns false when all others are in use: then it closes the new one.
   */
  admit(socket: Socket): boolean;
  /** Marks a connection as used. @returns a function to call once, when the use is over. */
  use(peer: string): () => void;
  count(): number;
  /** Closes all. */
  destroy(): void;
}

/** The other end of a connection, in grpc-js's form: ADDRESS:PORT. */
export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}

/** @param refused called for every connection that is closed because there are too many. */
export function createConnections(most: number, refused: () => void): Connections {
  const all = new Map<string, Socket>();
  /** Idle connections, longest first. */
  const idle = new Set<string>();
  const uses = new Map<string, number>();

  const forget = (peer: string): void => {
    all.delete(peer);
    idle.delete(peer);
    uses.delete(peer);
  };

  return {
    admit(socket) {
      const peer = peerOf(socket);
      const [longestIdle] = idle;
      if (all.size >= most) {
        refused();
        const victim = longestIdle === undefined ? socket : all.get(longestIdle);
        if (longestIdle !== undefined) forget(longestIdle);
        victim?.destroy();
        if (victim === socket) return false;
      }
      all.set(peer, socket);
      idle.add(peer);
      socket.once("close", () => {
        if (all.get(peer) === socket) forget(peer);
      });
      return true;
    },
    use(peer) {
      const socket = all.get(peer);
      if (socket === undefined) return () => {};
      idle.delete(peer);
      uses.set(peer, (uses.get(peer) ?? 0) + 1);
      return () => {
        if (all.get(peer) !== socket) return;
        const left = (uses.get(peer) ?? 0) - 1;
        if (left > 0) {
          uses.set(peer, left);
        } else {
          uses.delete(peer);
          idle.add(peer);
        }
      };
    },
    count: () => all.size,
    destroy: () => {
      for (const socket of all.values()) socket.destroy();
    },
  };
}
