import assert from "node:assert/strict";
import { type ErrorCode, isSpanStoreError } from "../errors/errors.js";

/** Asserts that a call, or reading its stream, fails with this code and field. */
export async function assertRefused(
  call: () => Promise<unknown> | AsyncIterable<unknown>,
  code: ErrorCode,
  field?: string,
  what = "the call",
): Promise<void> {
  const error = await failureOf(call);
  assert.ok(error !== undefined, `${what}: expected ${code}, but it succeeded`);
  if (!isSpanStoreError(error)) throw error;
  assert.equal(error.code, code, `${what}: expected ${code}, but got ${error.code}: ${error.message}`);
  if (field !== undefined) assert.equal(error.field, field, `${what}: the field of: ${error.message}`);
}

/** The error of a call. A synchronous throw fails the test. */
async function failureOf(call: () => Promise<unknown> | AsyncIterable<unknown>): Promise<unknown> {
  const result = call();
  try {
    if (Symbol.asyncIterator in result) for await (const _ of result);
    else await result;
    return undefined;
  } catch (error) {
    return error ?? new Error("the call failed with nothing");
  }
}
