import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}/.github/workflows`;

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Job {
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly strategy?: { readonly matrix: { readonly include: readonly { readonly steps: string }[] } };
}

describe.each(readdirSync(folder))(".github/workflows/%s", (file) => {
  const text = readFileSync(`${folder}/${file}`, "utf8");
  const { jobs } = parse(text) as { jobs: Record<string, Job> };
  const uses = Object.values(jobs).flatMap((job) =>
    [job, ...(job.steps ?? [])].flatMap((each) => each.uses ?? []),
  );

  it("uses actions at a commit, whose version stands beside it", () => {
    const others = uses.filter((name) => !name.startsWith("./"));
    for (const name of others) {
      expect(name).toMatch(/@[0-9a-f]{40}$/);
      expect(text).toMatch(new RegExp(`${name} # v\\d+\\.\\d+\\.\\d+`));
    }
  });

  it("calls steps that .ci/run has", () => {
    const known = Array.from(
      readFileSync(`${root}/.ci/run`, "utf8").matchAll(/^(\w+)\(\)/gm),
      ([, name]) => name,
    );
    const called = Object.values(jobs).flatMap(({ steps = [], strategy }) => [
      ...steps.flatMap(({ run = "" }) => /\.ci\/run ([\w ]+)$/m.exec(run)?.[1]?.split(" ") ?? []),
      ...(strategy?.matrix.include.flatMap((each) => each.steps.split(" ")) ?? []),
    ]);
    if (file === "ci.yml") expect(called.length).toBeGreaterThan(5);
    expect(known).toEqual(expect.arrayContaining(called));
  });
});
