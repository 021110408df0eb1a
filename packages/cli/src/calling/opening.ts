import { isSpanStoreError, type SpanStore, SpanStoreError } from "@spanstore/core";

/** Asks a store for its health. A server of another program without such a call passes. @throws why it cannot serve. */
export async function checkHealth(store: SpanStore): Promise<void> {
  try {
    await store.health();
  } catch (error) {
    if (!isSpanStoreError(error) || error.code !== "UNSUPPORTED") throw error;
  }
}

/** Runs a step of opening a store, and closes the store when the step fails. */
export async function closingAtFailure<T>(store: SpanStore, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Runs a step and puts `name` before the messages of its errors. */
export async function naming<T>(name: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    const { code, message, field, hint } = error;
    throw new SpanStoreError(code, `${name}: ${message}`, { field, hint, cause: error });
  }
}
