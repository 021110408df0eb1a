import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import dockerignore from "@balena/dockerignore";
import type { Stage } from "./dockerfile.js";

/** The folders of a build without Docker. */
export interface BuildPlace {
  /** The build's context: the folder that COPY copies from, less what .dockerignore leaves out. */
  readonly context: string;
  /** The folder that stands for the image's root. */
  readonly root: string;
}

/**
 * Does what a stage of a Dockerfile does, without Docker: its COPYs from the context and its RUNs, in order, with
 * its absolute paths below a folder, on this machine's own system in place of the image's.
 * @throws when a RUN fails, with what it wrote.
 */
export async function runStage(stage: Stage, { context, root }: BuildPlace): Promise<void> {
  const inRoot = (path: string): string => join(root, path);
  let folder = inRoot("/");
  let variables: Record<string, string> = {};
  for (const { keyword, words, text, variables: set } of stage.instructions) {
    switch (keyword) {
      case "ENV":
        variables = { ...variables, ...set };
        break;
      case "WORKDIR":
        folder = inRoot(words[0] ?? "/");
        mkdirSync(folder, { recursive: true });
        break;
      case "COPY":
        for (const source of words.slice(0, -1)) copy(context, source, join(folder, words.at(-1) ?? "."));
        break;
      case "RUN":
        await run(
          text.replace(/(?<=\s)\/(server)\b/g, (_, name: string) => inRoot(name)),
          folder,
          variables,
        );
        break;
      default:
        throw new Error(`a build without Docker does not know ${keyword}`);
    }
  }
}

function copy(context: string, source: string, target: string): void {
  const ignored = dockerignore.default().add(readFileSync(join(context, ".dockerignore"), "utf8"));
  const from = join(context, source);
  cpSync(from, source === "." ? target : join(target, source), {
    recursive: true,
    filter: (path) => {
      const name = relative(context, path);
      return name === "" || !ignored.ignores(name);
    },
  });
}

async function run(command: string, cwd: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const env = { ...process.env, ...variables };
  try {
    await promisify(execFile)("/bin/sh", ["-c", command], { cwd, env, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`RUN ${command}\n${stdout}${stderr}`, { cause: error });
  }
}
