import { createSlowAnswer } from "@spanstore/core/engine";
import { expect, it } from "vitest";

/** A question that the test answers. */
function question() {
  const asked: { resolve: (answer: number) => void; reject: (error: Error) => void }[] = [];
  const find = () => new Promise<number>((resolve, reject) => asked.push({ resolve, reject }));
  return { asked, find };
}

it("asks once, however many callers wait", async () => {
  const { asked, find } = question();
  const answer = createSlowAnswer(find);
  const both = [answer.get(), answer.get()];
  asked[0]?.resolve(1);
  expect(await Promise.all(both)).toEqual([1, 1]);
  expect(await answer.get()).toBe(1);
  expect(asked).toHaveLength(1);
});

it("returns an old answer at once, and asks for a new one meanwhile", async () => {
  const { asked, find } = question();
  const answer = createSlowAnswer(find, { maxAgeMillis: 0 });
  const first = answer.get();
  asked[0]?.resolve(1);
  await first;
  expect(await answer.get()).toBe(1);
  expect(await answer.get()).toBe(1);
  expect(asked).toHaveLength(2);
  asked[1]?.resolve(2);
  await new Promise(setImmediate);
  expect(await answer.get()).toBe(2);
});

it("waits for an answer no longer than the limit, and uses it when it comes later", async () => {
  const { asked, find } = question();
  const answer = createSlowAnswer(find, { maxWaitMillis: 1 });
  await expect(answer.get()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  asked[0]?.resolve(1);
  await new Promise(setImmediate);
  expect(await answer.get()).toBe(1);
});

it("asks again after a failure", async () => {
  const { asked, find } = question();
  const answer = createSlowAnswer(find, { maxAgeMillis: 0 });
  const first = answer.get();
  asked[0]?.resolve(1);
  await first;
  expect(await answer.get()).toBe(1);
  asked[1]?.reject(new Error("away"));
  await new Promise(setImmediate);
  const again = answer.get();
  asked[2]?.reject(new Error("still away"));
  await expect(again).rejects.toThrow("still away");
});
