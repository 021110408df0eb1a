import * as fs from "node:fs";
import { readFileSync } from "node:fs";
import * as fsPromises from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import ts from "typescript";
import * as vitest from "vitest";
import * as engine from "../src/engine.js";
import * as core from "../src/index.js";
import * as otlp from "../src/otlp.js";
import * as testing from "../src/testing/index.js";

/** What the page's module may import, by the names its reader imports it by. */
const modules: Readonly<Record<string, unknown>> = {
  "@spanstore/core": core,
  "@spanstore/core/engine": engine,
  "@spanstore/core/otlp": otlp,
  "@spanstore/core/testing": testing,
  "node:fs": fs,
  "node:fs/promises": fsPromises,
  "node:os": os,
  "node:path": path,
  vitest,
};

const folder = fileURLToPath(new URL(".", import.meta.url));
const page = readFileSync(path.join(folder, "../WRITING-AN-ENGINE.md"), "utf8");
const code = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, block]) => block).join("");

/** What the compiler says of the page's module under the options of this package. */
function diagnosticsOf(source: string): string[] {
  const name = path.join(folder, "writing-an-engine.page.ts");
  const configPath = path.join(folder, "../tsconfig.json");
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(configPath, ts.sys.readFile).config,
    ts.sys,
    path.dirname(configPath),
  );
  const paths = {
    "@spanstore/core": [path.join(folder, "../src/index.ts")],
    "@spanstore/core/engine": [path.join(folder, "../src/engine.ts")],
    "@spanstore/core/otlp": [path.join(folder, "../src/otlp.ts")],
    "@spanstore/core/testing": [path.join(folder, "../src/testing/index.ts")],
  };
  const all = { ...options, paths };
  const host = ts.createCompilerHost(all);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => file === name || fileExists(file);
  host.readFile = (file) => (file === name ? source : readFile(file));
  host.getSourceFile = (file, ...rest) =>
    file === name ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2022) : getSourceFile(file, ...rest);
  const program = ts.createProgram([name], all, host);
  return ts
    .getPreEmitDiagnostics(program, program.getSourceFile(name))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

vitest.describe("WRITING-AN-ENGINE.md", () => {
  vitest.it("compiles", () => {
    vitest.expect(code).toContain("export async function openLogStore");
    vitest.expect(diagnosticsOf(code)).toEqual([]);
  });

  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const required = (name: string): unknown => {
    if (name in modules) return modules[name];
    throw new Error(`the page imports ${name}, which its test does not know`);
  };
  // The page's last block defines the tests of the conformance suite here.
  compileFunction(outputText, ["require", "exports"])(required, {});
});
