import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { catalog } from "../../scripts/peers/locate.mjs";
import { programEnvironment } from "../../scripts/test-support/processes.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const root = join(folder, "../..");
const textOf = (path: string): string => readFileSync(join(folder, path), "utf8");

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<"manticore" | "spanstore" | "jaeger", Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

describe("compose.yaml", () => {
  const document = parseDocument(textOf("compose.yaml"), { strict: true, uniqueKeys: true });
  const { services, volumes } = document.toJS() as Compose;
  const { manticore, spanstore, jaeger } = services;

  it("is YAML without errors or warnings", () => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
  });

  it("starts each service when what it needs is healthy", () => {
    expect(Object.keys(services)).toEqual(["manticore", "spanstore", "jaeger"]);
    for (const { healthcheck } of Object.values(services)) expect(healthcheck.test[0]).toBe("CMD");
    expect(spanstore.depends_on).toEqual({ manticore: { condition: "service_healthy" } });
    expect(jaeger.depends_on).toEqual({ spanstore: { condition: "service_healthy" } });
  });

  it("runs the versions that the tests run", () => {
    expect([manticore.image, jaeger.image]).toEqual([catalog.manticore?.docker, catalog.jaeger?.docker]);
  });

  it("publishes ports on the loopback interface alone", () => {
    for (const port of Object.values(services).flatMap(({ ports }) => ports)) {
      expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    }
  });

  it("mounts existing files", () => {
    for (const volume of Object.values(services).flatMap(({ volumes: mounted = [] }) => mounted)) {
      const [source = ""] = volume.split(":");
      expect(source.startsWith(".") ? existsSync(join(folder, source)) : source in volumes).toBe(true);
    }
  });

  it("sets options that the server has, for the searchd and the ports that are there", () => {
    const printed = execFileSync(
      process.execPath,
      [join(root, "packages/cli/dist/main.js"), "--print-config"],
      { env: { ...programEnvironment(), ...spanstore.environment }, encoding: "utf8" },
    );
    expect(parse(printed)).toMatchObject({
      backend: "manticore",
      manticore: { url: "mysql://manticore:9306" },
      listen: "0.0.0.0:17271",
      admin: "0.0.0.0:17272",
    });
    // All of them are seen above.
    expect(Object.keys(spanstore.environment ?? {})).toHaveLength(4);
    expect(spanstore.healthcheck.test.at(-1)).toContain("http://127.0.0.1:17272/readyz");
    expect(jaeger.environment?.SPANSTORE_ENDPOINT).toBe("spanstore:17271");
  });

  it("sets what Jaeger's configuration has", () => {
    const config = parse(textOf("../jaeger/config.yaml")) as unknown;
    const sets = (jaeger.command ?? []).flatMap((word) => /^--set=(.*)=0\.0\.0\.0:(\d+)$/.exec(word) ?? []);
    expect(sets).toHaveLength(5 * 3);
    for (let i = 0; i < sets.length; i += 3) {
      const [, path = "", port = ""] = sets.slice(i, i + 3);
      const value = path
        .split(".")
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], config);
      expect(value).toBe(`localhost:${port}`);
    }
  });

  it("builds the repository's own image", () => {
    expect(existsSync(join(folder, spanstore.build?.context ?? "", "Dockerfile"))).toBe(true);
  });
});
