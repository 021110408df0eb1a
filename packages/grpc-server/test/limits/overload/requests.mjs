/** Numbered Export requests, each a trace of the service `overload`, that take no time to make and that nothing makes small. */
import { createCipheriv, createHash } from "node:crypto";
import { encodeTraces } from "@spanstore/core/otlp";

const spans = 200;
const textBytes = 5000;
const placeholder = { id: "ee", text: "~" };
const firstStart = 1_800_000_000_000_000_000n;

const template = Buffer.from(
  encodeTraces({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "overload" } }] },
        scopeSpans: [
          {
            spans: Array.from({ length: spans }, (_, i) => ({
              traceId: placeholder.id.repeat(16),
              spanId: (i + 1).toString(16).padStart(16, "0"),
              name: `step ${i % 20}`,
              startTimeUnixNano: firstStart + BigInt(i) * 1_000_000n,
              endTimeUnixNano: firstStart + BigInt(i) * 1_000_000n + 5n,
              attributes: [{ key: "text", value: { stringValue: placeholder.text.repeat(textBytes) } }],
            })),
          },
        ],
      },
    ],
  }),
);
const idPlaces = placesOf(Buffer.from(placeholder.id.repeat(16), "hex"));
const textPlaces = placesOf(Buffer.from(placeholder.text.repeat(textBytes)));

/** @param {Buffer} part */
function placesOf(part) {
  const places = [];
  for (let at = template.indexOf(part); at >= 0; at = template.indexOf(part, at + part.length))
    places.push(at);
  return places;
}

/** @param {number} number @returns {string} */
export function traceIdOf(number) {
  return number.toString(16).padStart(32, "0");
}

/** @param {number} number @param {number} trace the number of its trace. @returns {Buffer} about a megabyte. */
export function requestOf(number, trace = number) {
  const request = Buffer.from(template);
  for (const place of idPlaces) request.write(traceIdOf(trace), place, "hex");
  const seed = createHash("md5").update(String(number)).digest();
  const bytes = createCipheriv("aes-128-ctr", seed, seed).update(Buffer.alloc(textBytes * spans));
  const text = bytes.toString("base64");
  textPlaces.forEach((place, i) => {
    request.write(text.slice(i * textBytes, (i + 1) * textBytes), place, "latin1");
  });
  return request;
}
