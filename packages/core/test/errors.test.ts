import { SpanStoreError } from "@spanstore/core";
import { errorFromData, errorToData } from "@spanstore/core/engine";
import { expect, it } from "vitest";

it("an error keeps its details between threads", () => {
  const details = {
    field: "filter",
    hint: "close the brace",
    position: { offset: 2, length: 1, line: 1, column: 3 },
    retryAfterMillis: 250,
  };
  const error = new SpanStoreError("OVERLOADED", "too much at once", {
    ...details,
    cause: new Error("within"),
  });
  const received = errorFromData(structuredClone(errorToData(error)));
  expect({ ...received }).toEqual({ ...error });
  expect(received).toMatchObject({ code: "OVERLOADED", message: "too much at once", ...details });
});
