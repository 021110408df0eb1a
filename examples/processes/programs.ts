import { fileURLToPath } from "node:url";
import type { LocatedPeer } from "../../scripts/peers/locate.mjs";
import type { Programs } from "./start-workloads.js";

const server = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));

/** The names of the peers that stand for images, by image. */
const peers = {
  "manticoresearch/manticore": "manticore",
  "jaegertracing/jaeger": "jaeger",
  // Jaeger 2 is an OpenTelemetry collector.
  "otel/opentelemetry-collector-contrib": "jaeger",
  "jaegertracing/jaeger-collector": "jaeger-1.76-collector",
  "jaegertracing/jaeger-query": "jaeger-1.76-query",
} as const;

export type Image = keyof typeof peers;

/** This tree's server for the image of this repository, and peers for the others. */
export function programsFor(images: readonly Image[], located: (peer: string) => LocatedPeer): Programs {
  return {
    spanstore: [process.execPath, server],
    ...Object.fromEntries(images.map((image) => [image, programOf(located(peers[image]))])),
  };
}

function programOf(located: LocatedPeer): readonly [string, ...string[]] {
  if (!("command" in located)) throw new Error("it is started by the test: name a program, no address");
  return located.command;
}
