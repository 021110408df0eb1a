import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import type { LocatedPeer } from "../../../../scripts/peers/locate.mjs";
import type { Served } from "../harness.js";

/** A page in a browser, and what went wrong in it. */
export interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Uncaught errors, and messages of the console that are errors: what the policy refused is among them. */
  readonly problems: string[];
}

export type Open = (served: Pick<Served, "port">, hash?: string, options?: OpenOptions) => Promise<Opened>;

export interface OpenOptions extends BrowserContextOptions {
  /** Of the path, without a slash at its end. Default: none. */
  readonly prefix?: string;
  /** Before the page is loaded. */
  readonly before?: (page: Page) => Promise<void>;
}

/** One browser for the tests of a suite. */
export function browserFor(located: LocatedPeer): Open {
  let browser: Browser | undefined;
  beforeAll(async () => {
    const [executablePath = ""] = "command" in located ? located.command : [];
    // Root has no sandbox; what is shown is our own.
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });
  afterAll(() => browser?.close());
  return async ({ port }, hash = "", { prefix = "", before, ...options } = {}) => {
    if (browser === undefined) throw new Error("the browser is not there yet");
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await before?.(page);
    await page.goto(`http://127.0.0.1:${port}${prefix}/${hash}`);
    return {
      page,
      problems,
      [Symbol.asyncDispose]: () => context.close(),
    };
  };
}

/** What axe finds wrong with a page, as texts. The page has to be opened with `bypassCSP`, since axe is a script of ours. */
export async function faultsOfAxe(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe.source });
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.map(
      ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(", ")}`,
    );
  });
}
