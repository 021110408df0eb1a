/** Writes numbered requests to a store as fast as they are acknowledged, and says each one that was. */
import { requestOf } from "./requests.mjs";

const [module = "", open = "", options = "", first = ""] = process.argv.slice(2);
const store = await (await import(module))[open](JSON.parse(options));
const writers = 4;
let next = Number(first);

/** Every tenth request is sent again at once, as a client does that missed an acknowledgement. */
async function send(number) {
  await store.write(requestOf(number));
  if (number % 10 === 0) await store.write(requestOf(number));
  process.stdout.write(`${number}\n`);
}

await Promise.all(
  Array.from({ length: writers }, async () => {
    for (;;) await send(next++);
  }),
);
