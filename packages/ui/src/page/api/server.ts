import { askJson } from "./client.js";

export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: number;
}

/** Loads the calls between services in the `lookback` before `end`, both in milliseconds. */
export async function loadDependencies(
  end: number,
  lookback: number,
  signal: AbortSignal,
): Promise<readonly Dependency[]> {
  const call = { params: { endTs: end, lookback }, signal };
  return (await askJson<{ data: Dependency[] }>("api/dependencies", call)).data;
}

export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  readonly subject: string;
  readonly text: string;
  readonly advice?: string;
}

export interface About {
  readonly engine: string;
  readonly health: { readonly ok: boolean; readonly message?: string };
  readonly bytes?: number;
  readonly version?: string;
  /** Null: for ever. */
  readonly retentionMs?: number | null;
  readonly findings?: readonly Finding[];
}

export function loadAbout(signal: AbortSignal): Promise<About> {
  return askJson<About>("api/v3/about", { signal });
}
