import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { createHttpFace, type HttpFace } from "@spanstore/http";
import { parseExactly } from "@spanstore/jaeger";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type RunningServer, startServer } from "../../src/index.js";
import type { Answer } from "./http-differential/compare.js";
import { alike, differencesOf, type Generation } from "./http-differential/differences.js";
import { type RunningJaeger, startJaeger1, startJaeger2 } from "./http-differential/jaegers.js";
import { randomQuestions } from "./http-differential/questions.js";
import { randomRequests } from "./http-differential/spans.js";

const seed = Number(process.env.SPANSTORE_CONFORMANCE_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** More with SPANSTORE_CONFORMANCE_RUNS, which counts the sets of spans. */
const setCount = Number(process.env.SPANSTORE_CONFORMANCE_RUNS || 4);
/** Of the same spans so many questions are asked. */
const questionsPerSet = 100;
const questionCount = setCount * questionsPerSet;

const generations: readonly { readonly peer: string; readonly generation: Generation }[] = [
  { peer: "jaeger-1.42-all-in-one", generation: "1.42" },
  { peer: "jaeger-1.76-all-in-one", generation: "1.76" },
  { peer: "jaeger", generation: "2.20" },
];

for (const { peer, generation } of generations) {
  describeWithPeer(peer, `HTTP answers as Jaeger ${generation} in front of the same store`, (located) => {
    let store: SpanStore;
    let server: RunningServer;
    let face: HttpFace;
    let facePort = 0;
    let jaeger: RunningJaeger;

    beforeAll(async () => {
      if (!("command" in located)) throw new Error("the test starts Jaeger: name a program, no address");
      store = openMemoryStore();
      // Jaeger 2 looks for what it does not find in the archive.
      server = await startServer({
        store,
        listen: "127.0.0.1:0",
        openArchive: async () => openMemoryStore(),
      });
      face = createHttpFace(store, { maxClockSkewMs: 10_000 });
      facePort = (await face.listen()).port;
      const storage = Number(server.address.slice(server.address.lastIndexOf(":") + 1));
      jaeger =
        generation === "2.20"
          ? await startJaeger2(located.command, storage)
          : await startJaeger1(located.command, generation === "1.42" ? "grpc-plugin" : "grpc", storage);
    });

    afterAll(async () => {
      await jaeger?.stop();
      await face?.close();
      await server?.close();
      await store?.close();
    });

    it(
      `asks ${questionCount} random questions`,
      async () => {
        console.log(`seed ${seed}: repeat it with SPANSTORE_CONFORMANCE_SEED=${seed}`);
        const differences = differencesOf(generation);
        for (let set = 0; set < setCount; set++) {
          await store.purge();
          for (const request of randomRequests(seed + set, generation)) await store.write(request);
          for (const question of randomQuestions(seed + set, questionsPerSet, generation)) {
            const [theirs, ours] = await Promise.all([ask(jaeger.port, question), ask(facePort, question)]);
            expect({ question, ...alike(ours, "ours", differences) }).toEqual({
              question,
              ...alike(theirs, "theirs", differences),
            });
          }
        }
      },
      60_000 + setCount * 60_000,
    );
  });
}

async function ask(port: number, question: string): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${port}${question}`);
  const text = await answer.text();
  try {
    return { status: answer.status, json: parseExactly(text) };
  } catch {
    return { status: answer.status, json: text };
  }
}
