import { isSpanStoreError, type SpanStore, SpanStoreError } from "@spanstore/core";

/** @throws why the store cannot serve. A server of another program need not tell its health. */
export async function checkHealth(store: SpanStore): Promise<void> {
  try {
    await store.health();
  } catch (error) {
    if (!isSpanStoreError(error) || error.code !== "UNSUPPORTED") throw error;
  }
}

/** Runs a step of opening a store; when it fails, the store is closed. */
export async function closingAtFailure<T>(store: SpanStore, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Runs a step whose errors name what they are of. */
export async function naming<T>(name: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    const { code, message, field, hint } = error;
    throw new SpanStoreError(code, `${name}: ${message}`, { field, hint, cause: error });
  }
}
