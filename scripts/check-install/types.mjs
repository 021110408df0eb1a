import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runQuietly } from "../run.mjs";
import { entryPoints, quickstart } from "./packed.mjs";

/** TypeScript's two newest majors, by the aliases that the tools are installed under. */
export const compilers = { typescript6: "npm:typescript@^6.0.0", typescript7: "npm:typescript@^7.0.0" };

const resolutions = { nodenext: "nodenext", bundler: "esnext" };

/** @throws when the types of a package, or of what it needs, are not right in a user's program. */
export async function checkTypes({ place, tools, node }) {
  const lines = entryPoints().map((name, i) => `export * as entry${i} from ${JSON.stringify(name)};\n`);
  writeFileSync(join(place, "entries.ts"), lines.join(""));
  copyFileSync(quickstart, join(place, "quickstart.ts"));
  for (const [moduleResolution, module] of Object.entries(resolutions)) {
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      target: "es2022",
      types: ["node"],
      module,
      moduleResolution,
    };
    const config = join(place, `tsconfig.${moduleResolution}.json`);
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ["entries.ts", "quickstart.ts"] }));
    for (const compiler of Object.keys(compilers)) {
      const tsc = join(tools, "node_modules", compiler, "bin/tsc");
      const { code, output } = await runQuietly(node.program, [tsc, "-p", config], { cwd: place });
      if (code !== 0) throw new Error(`${compiler}, ${moduleResolution}:\n${output}`);
    }
  }
}
