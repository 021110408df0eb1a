import { randomBytes } from "node:crypto";

/** Sends a trace of one span over OTLP/HTTP, as a program under an agent does, and returns its id. */
export async function sendTrace(otlpHttpPort: number, service: string): Promise<string> {
  const traceId = randomBytes(16).toString("hex");
  const now = BigInt(Date.now()) * 1_000_000n;
  const response = await fetch(`http://127.0.0.1:${otlpHttpPort}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId,
                  spanId: randomBytes(8).toString("hex"),
                  name: "GET /",
                  kind: 2,
                  startTimeUnixNano: String(now),
                  endTimeUnixNano: String(now + 5_000_000n),
                  attributes: [{ key: "http.route", value: { stringValue: "/" } }],
                },
              ],
            },
          ],
        },
      ],
    }),
  });
  if (!response.ok) throw new Error(`the agent answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
  return traceId;
}
