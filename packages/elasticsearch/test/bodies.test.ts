import { and, attr, event, type FilterCall, link, not, or, resource, some, span } from "@spanstore/core";
import { requiredTerms, resolveFilter, splitByTrace } from "@spanstore/core/engine";
import { encodeTraces } from "@spanstore/core/otlp";
import { describe, expect, it } from "vitest";
import { across } from "../src/maintenance/retention.js";
import { checkOptions } from "../src/options.js";
import { fragmentDocument, linesOf } from "../src/read/documents.js";
import { labelPageBody, labelsBody } from "../src/read/labels.js";
import { writtenBetween } from "../src/read/ledgers.js";
import { nameDocuments } from "../src/read/name-documents.js";
import { bodyOfTraces, butFor, ofTraces, pageBody } from "../src/read/read.js";
import { createNaming, tenantPrefix } from "../src/schema/naming.js";
import { controlTemplate, datedTemplate } from "../src/schema/schema.js";
import { createWindows } from "../src/schema/windows.js";
import { filterOf } from "../src/terms/lower.js";

const nanosOf = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
const now = nanosOf("2026-11-21T12:00:00Z");
const naming = createNaming(
  "spanstore-",
  createWindows("day", () => now),
);

/** The body of a search for a page. */
function bodyOf(filter: FilterCall): string {
  const range = { startTimeMinUnixNano: now - 3_600_000_000_000n, startTimeMaxUnixNano: now };
  const predicate = resolveFilter(filter);
  return JSON.stringify(pageBody(filterOf(range, requiredTerms(predicate))), undefined, 1);
}

describe("the bodies of requests", () => {
  const filters: Readonly<Record<string, FilterCall>> = {
    "equality of fields": and(resource.service.eq("cart"), span.name.eq("GET /cart"), span.kind.eq("server")),
    "equality of an attribute at two levels": attr("http.method").eq("GET"),
    "equality of a typed value": span.attr("http.status_code").eq(500),
    membership: span.attr("http.status_code").in([500, 502, 503]),
    "a range of durations": and(resource.service.eq("cart"), span.duration.gt("2s"), span.duration.lt("1m")),
    "a range of numbers": span.attr("http.status_code").gte(500),
    existence: span.attr("user.id").exists(),
    alternatives: or(span.status.eq("error"), some(event, event.name.eq("exception"))),
    "an event's parts": some(
      event,
      and(event.name.eq("exception"), event.attr("exception.type").eq("Timeout")),
    ),
    "a link's attribute": some(link, link.attr("kind").eq("follows")),
    "a negation, of which the index knows nothing": not(span.name.eq("GET /cart")),
    "a pattern, of which the index knows the key": span.attr("url.path").regex("/cart/[0-9]+"),
    words: span.attr("db.query.text").phrase("select", "name"),
  };
  for (const [what, filter] of Object.entries(filters)) {
    it(`lowers ${what}`, () => expect(bodyOf(filter)).toMatchSnapshot());
  }

  it("has one clause for any number of values", () => {
    const values = Array.from({ length: 5_000 }, (_, i) => `v${i}`);
    const { query } = JSON.parse(bodyOf(span.attr("a").in(values)));
    const clauses = query.bool.filter.slice(2);
    expect(clauses).toHaveLength(1);
    expect(clauses[0].terms.terms).toHaveLength(5_000);
  });

  it("makes the templates", () => {
    const settings = checkOptions({
      url: "http://localhost:9200",
      shards: 3,
      replicas: 1,
      codec: "best_compression",
    });
    for (const templateOf of [datedTemplate, controlTemplate]) {
      expect(JSON.stringify(templateOf(naming, "day", settings), undefined, 1)).toMatchSnapshot();
    }
  });

  it("reads traces", () => {
    expect(JSON.stringify(ofTraces(["0af7651916cd43dd8448eb211c80319c"]))).toMatchSnapshot();
  });

  it("reads the rest of traces", () => {
    const body = {
      ...bodyOfTraces(["0af7651916cd43dd8448eb211c80319c"]),
      ...butFor(new Map([["Fro9ImgUEKTkihZ8skKQ", { sequence: 7 }]])),
    };
    expect(JSON.stringify(body, undefined, 1)).toMatchSnapshot();
  });

  it("lists names", () => {
    expect(JSON.stringify(labelsBody("services"), undefined, 1)).toMatchSnapshot();
    expect(JSON.stringify(labelPageBody("services", { label: "cart" }), undefined, 1)).toMatchSnapshot();
  });

  it("finds the fragments written since the last count", () => {
    expect(JSON.stringify(writtenBetween(1_795_000_000_000, 1_795_000_000_001))).toMatchSnapshot();
  });

  it("finds fragments across a deletion's boundary", () => {
    expect(JSON.stringify(across(now))).toMatchSnapshot();
  });

  it("writes fragments and names", () => {
    const encoded = encodeTraces({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: 'car"t\n' } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: "0af7651916cd43dd8448eb211c80319c",
                  spanId: "b7ad6b7169203331",
                  name: "GET /cart",
                  startTimeUnixNano: now + 123_456_789n,
                  endTimeUnixNano: now + 223_456_789n,
                },
              ],
            },
          ],
        },
      ],
    });
    const { fragments, operations } = splitByTrace(encoded);
    const lines = [
      ...fragments.map((fragment) => fragmentDocument("spanstore-spans-20261121", fragment, undefined)),
      ...operations.flatMap((operation) => nameDocuments("spanstore-spans-20261121", operation)),
    ].map((document) => linesOf(document, 1_795_262_400_000));
    expect(lines.join("")).toMatchSnapshot();
  });
});

describe("the indices of a search", () => {
  it("are those of its days, and the one for odd times", () => {
    const between = (from: string, to: string): string => naming.between(nanosOf(from), nanosOf(to));
    expect(between("2026-11-20T23:00:00Z", "2026-11-21T12:00:00Z")).toBe(
      "spanstore-spans-other,spanstore-spans-20261120,spanstore-spans-20261121",
    );
    // Fragments are cut at midnight to the millisecond.
    expect(between("2026-11-20T23:00:00Z", "2026-11-20T23:59:59.999Z")).toContain("spanstore-spans-20261121");
    expect(between("1980-01-01T00:00:00Z", "2026-11-21T12:00:00Z")).toBe("spanstore-spans-*");
    expect(naming.between(0n, (1n << 64n) - 1n)).toBe("spanstore-spans-*");
  });

  it("of a tenant belong to that tenant alone", () => {
    expect(tenantPrefix("spanstore-", "Ä b")).toBe("spanstore-tenant-_c3_84_20b-");
    expect(tenantPrefix("spanstore-", "_c3_84_20b")).not.toBe(tenantPrefix("spanstore-", "Ä b"));
  });
});
