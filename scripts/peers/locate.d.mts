export interface CatalogEntry {
  readonly title: string;
  readonly env: string;
  readonly command?: string;
  readonly cached?: string;
  /** A file below the folder of peers, and no program. */
  readonly file?: string;
  readonly docker?: string;
  readonly go?: string;
  readonly pip?: string;
  readonly debian?: string;
  readonly maven?: string;
  readonly manual?: string;
}

/** A server at an address, or the beginning of a command line. */
export type LocatedPeer =
  | { readonly address: string }
  | { readonly command: readonly [string, ...string[]]; readonly docker?: true };

export const catalog: Readonly<Record<string, CatalogEntry>>;
export function peersFolder(): string;
export function locatePeer(name: string): LocatedPeer | undefined;
export function programOnPath(command: string): string | undefined;
