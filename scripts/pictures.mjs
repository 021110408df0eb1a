#!/usr/bin/env node
// Draws the pictures of the documents: `node scripts/pictures.mjs`, or with --check says whether they are current; with
// --page photographs the page, too.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchmark } from "./pictures/benchmark.mjs";
import { overview } from "./pictures/overview.mjs";
import { waterfall } from "./pictures/waterfall.mjs";
import { root } from "./run.mjs";

const folder = join(root, "docs/images");
const text = (file) => readFileSync(join(root, file), "utf8");
const pictures = {
  "overview.svg": overview(),
  "waterfall.svg": waterfall(text("docs/images/waterfall.txt")),
  "benchmark.svg": benchmark(text("bench/results/manticore-1m.md")),
};

const isCheck = process.argv.includes("--check");
mkdirSync(folder, { recursive: true });
for (const [name, svg] of Object.entries(pictures)) {
  const file = join(folder, name);
  const isCurrent = existsSync(file) && readFileSync(file, "utf8") === svg;
  if (isCurrent) continue;
  if (isCheck) {
    console.error(`docs/images/${name} is not current: run npm run pictures`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, svg);
    console.log(`docs/images/${name}`);
  }
}

if (process.argv.includes("--page")) {
  const { photographPage } = await import("./pictures/page.mjs");
  await photographPage(folder);
}
