import assert from "node:assert/strict";
import type { AnyValue } from "../../model/any-value.js";
import { compareCodePoints } from "../../model/text-order.js";
import { SpanKind } from "../../model/trace.js";
import { invalidText, replacedText } from "../arbitrary-data.js";
import { encodeRequest } from "../encode-request.js";
import type { Suite } from "../harness.js";
import { assertRefused } from "../refusals.js";
import { type TestSpan, tracesOf } from "../spans.js";

/** More than any of Jaeger's own stores lists. */
const many = 10_500;

export function describeNames(suite: Suite): void {
  suite.it("services and operations come in the order of code points, each once", async (store) => {
    const names = ["\uffff", "\u{10000}", "b", "a", "B", "\u00e9", "a b", "a\0", "\0"];
    await store.write(tracesOf(...names.map((name, i): TestSpan => ({ trace: i + 1, service: name, name }))));
    await store.write(tracesOf(...names.map((name, i): TestSpan => ({ trace: i + 1, service: "b", name }))));
    const expected = ["\0", "B", "a", "a\0", "a b", "b", "\u00e9", "\uffff", "\u{10000}"];
    assert.deepEqual(await store.getServices(), expected);
    assert.deepEqual(
      await store.getOperations({ service: "b" }),
      expected.map((name) => ({ name, spanKind: "" })),
    );
  });

  suite.it("operations of different kinds are different, and lists have one kind or all", async (store) => {
    const kinds = Object.values(SpanKind);
    await store.write(
      tracesOf(
        ...kinds.map((kind, i): TestSpan => ({ trace: 1, id: i + 1, service: "shop", name: "op", kind })),
      ),
    );
    await store.write(tracesOf({ trace: 2, service: "shop", name: "", kind: 9 }));
    const words = ["", "client", "consumer", "internal", "producer", "server"];
    assert.deepEqual(await store.getOperations({ service: "shop" }), [
      { name: "", spanKind: "" },
      ...words.map((spanKind) => ({ name: "op", spanKind })),
    ]);
    for (const spanKind of words.slice(1)) {
      assert.deepEqual(await store.getOperations({ service: "shop", spanKind }), [{ name: "op", spanKind }]);
    }
    assert.equal((await store.getOperations({ service: "shop", spanKind: "" })).length, 7);
    assert.deepEqual(await store.getOperations({ service: "shop", spanKind: "nonsense" }), []);
  });

  suite.it("an unknown service has no operations", async (store) => {
    await store.write(tracesOf({ trace: 1, service: "shop" }));
    assert.deepEqual(await store.getOperations({ service: "Shop" }), []);
    await assertRefused(
      () => store.getOperations({ service: "" }),
      "INVALID_QUERY",
      suite.has("errorFields") ? "service" : undefined,
    );
  });

  suite.it("the first service.name is the service, if it is text and not empty", async (store) => {
    const named = (values: readonly AnyValue[]) => ({
      resourceSpans: [
        {
          resource: { attributes: values.map((value) => ({ key: "service.name", value })) },
          scopeSpans: tracesOf({ trace: 1 }).resourceSpans[0]?.scopeSpans ?? [],
        },
      ],
    });
    await store.write(named([]));
    await store.write(named([{ stringValue: "" }]));
    await store.write(named([{ intValue: 7n }, { stringValue: "not this" }]));
    await store.write(named([{ stringValue: "first" }, { stringValue: "second" }]));
    assert.deepEqual(await store.getServices(), ["first"]);
  });

  suite.it(
    "names that are not UTF-8 are listed as reads give them, and found by that text",
    async (store) => {
      await store.write(encodeRequest(tracesOf({ trace: 1, service: invalidText, name: invalidText })));
      await store.write(tracesOf({ trace: 2, service: "shop", name: "op" }));
      assert.deepEqual(await store.getServices(), ["shop", replacedText]);
      const operations = await store.getOperations({ service: replacedText });
      assert.deepEqual(operations, [{ name: replacedText, spanKind: "" }]);
      const [service, operation] = [replacedText, replacedText];
      for (const query of [{ service }, { operation }, { service, operation }]) {
        assert.equal((await store.findTraceIds(query)).traces.length, 1);
      }
    },
  );

  suite.it(`${many} services and ${many} operations of one are all listed`, async (store) => {
    const name = (i: number): string => `name-${String(i).padStart(6, "0")}`;
    const numbers = Array.from({ length: many }, (_, i) => i);
    for (let at = 0; at < many; at += 1500) {
      const part = numbers.slice(at, at + 1500);
      await store.write(
        tracesOf(...part.map((i): TestSpan => ({ trace: 1 + (i % 50), id: i + 1, service: name(i) }))),
      );
      await store.write(
        tracesOf(
          ...part.map((i): TestSpan => ({ trace: 1 + (i % 50), id: i + 1, service: "shop", name: name(i) })),
        ),
      );
    }
    const expected = numbers.map(name);
    assert.deepEqual(await store.getServices(), [...expected, "shop"].sort(compareCodePoints));
    const operations = await store.getOperations({ service: "shop" });
    assert.deepEqual(
      operations.map((operation) => operation.name),
      expected,
    );
  });
}
