import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { locatePeer } from "../peers/locate.mjs";
import { root } from "../run.mjs";

const { chromium } = createRequire(join(root, "packages/http/package.json"))("playwright-core");

/** Photographs the page over the demo's traces; the packages and the examples have to be built. */
export async function photographPage(folder) {
  const browserPath = locatePeer("chromium")?.command?.[0];
  if (browserPath === undefined) throw new Error("there is no chromium to photograph the page with");
  const flags = [
    "--backend=memory",
    "--listen=127.0.0.1:0",
    "--admin=127.0.0.1:0",
    "--http.listen=127.0.0.1:0",
  ];
  const server = spawn(process.execPath, [join(root, "packages/cli/dist/main.js"), ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    const { grpc, http } = await addressesOf(server);
    spawnSync(process.execPath, [join(root, "examples/dist/demo.js"), `--server=${grpc}`]);
    const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
    try {
      await photograph(browser, `http://${http}/`, folder);
    } finally {
      await browser.close();
    }
  } finally {
    server.kill();
    await once(server, "exit");
  }
}

async function photograph(browser, url, folder) {
  const open = async (colorScheme) => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 640 }, colorScheme });
    await page.goto(url);
    await page.locator(".trace-row").first().waitFor();
    await page.locator(".u-over").waitFor();
    return page;
  };
  const search = await open("light");
  await search.screenshot({ path: join(folder, "page-search.png") });
  const trace = await open("light");
  await trace.locator(".trace-row", { hasText: "13 spans" }).click();
  await trace.locator(".waterfall-row .error").last().click();
  await trace.locator(".panel").waitFor();
  await trace.screenshot({ path: join(folder, "page-trace.png") });
}

/** What the server says when it serves, of the lines of its log. */
async function addressesOf(server) {
  for await (const line of createInterface({ input: server.stderr })) {
    const said = JSON.parse(line);
    if (said.msg === "serving") return said;
  }
  throw new Error("the server did not start");
}
