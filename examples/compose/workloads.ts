import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { Workload } from "../processes/workload.js";

export interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string };
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const folder = fileURLToPath(new URL(".", import.meta.url));

export const composeFile = join(folder, "compose.yaml");

export function readCompose(): Compose {
  return parse(readFileSync(composeFile, "utf8"), { strict: true, uniqueKeys: true }) as Compose;
}

/** The services, in the order in which compose starts them: the file has it. */
export function workloadsOf({ services }: Compose): Workload[] {
  return Object.entries(services).map(([host, service]) => {
    const mounts = (service.volumes ?? []).map((volume) => volume.split(":") as [string, string]);
    return {
      host,
      image: service.image?.replace(/:[^:/]*$/, "") ?? "spanstore",
      entrypoint: service.entrypoint ?? [],
      args: service.command ?? [],
      env: service.environment ?? {},
      files: mounts
        .filter(([source]) => source.startsWith("."))
        .map(([source, path]) => ({ path, content: readFileSync(join(folder, source), "utf8") })),
      folders: mounts.filter(([source]) => !source.startsWith(".")).map(([, path]) => path),
      ports: (service.ports ?? []).map((port) => Number(/:(\d+)(?:\/udp)?$/.exec(port)?.[1])),
      ready: readinessOf(service),
    };
  });
}

/** The path that its health check asks over HTTP; the others get a gRPC health check. */
function readinessOf({ healthcheck, image }: Service): Workload["ready"] {
  const [, port, path] = /http:\/\/127\.0\.0\.1:(\d+)(\/\S*)/.exec(healthcheck?.test.join(" ") ?? "") ?? [];
  if (port !== undefined) return { port: Number(port), path };
  if (healthcheck?.test[1] === "spanstore") return { port: 17272, path: "/readyz" };
  return image?.startsWith("manticoresearch/") ? { port: 9308, path: "/" } : { port: 13133, path: "/status" };
}
