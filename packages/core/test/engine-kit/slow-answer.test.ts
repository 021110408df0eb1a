import { createSlowAnswer } from "@spanstore/core/engine";
import { expect, it } from "vitest";

/** A question whose answers the test gives. */
function question() {
  const asked: { resolve: (answer: number) => void; reject: (error: Error) => void }[] = [];
  const find = () => new Promise<number>((resolve, reject) => asked.push({ resolve, reject }));
  return { asked, find };
}

it("is asked for once, however many wait", async () => {
  const { asked, find } = question();
  const answer = createSlowAnswer(find);
  const both = [answer.get(), answer.get()];
  asked[0]?.resolve(1);
  expect(await Promise.all(both)).toEqual([1, 1]);
  expect(await answer.get()).toBe(1);
  expect(asked).toHaveLength(1);
});

it("that is old is given at once, and found again meanwhile", async () => {
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

it("that does not come is waited for no longer than was said, and may come later", async () => {
  const { asked, find } = question();
  const answer = createSlowAnswer(find, { maxWaitMillis: 1 });
  await expect(answer.get()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  asked[0]?.resolve(1);
  await new Promise(setImmediate);
  expect(await answer.get()).toBe(1);
});

it("that fails is no answer, and is asked for again", async () => {
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
