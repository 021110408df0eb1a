import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { exposureOf } from "../../src/config/exposure.js";
import { formatValue } from "../../src/config/format-value.js";
import { configText, helpText } from "../../src/config/help/help.js";
import { loadConfig } from "../../src/config/load.js";
import {
  type Config,
  configSchema,
  environmentName,
  type OptionName,
  optionNames,
  options,
} from "../../src/config/options.js";
import { UsageError } from "../../src/config/usage-error.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(folder, `${++files}.yaml`);
  writeFileSync(path, text);
  return path;
}

function problemsOf(args: readonly string[], environment: Record<string, string> = {}): readonly string[] {
  try {
    loadConfig(args, environment);
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
  return [];
}

const defaults = configSchema.parse({});

/** For every option some values as they are written, and what they mean. */
const samples: { [Name in OptionName]: readonly (readonly [written: string, meant: Config[Name]])[] } = {
  backend: [
    ["memory", "memory"],
    ["sqlite", "sqlite"],
  ],
  "sqlite.path": [
    ["a b.sqlite", "a b.sqlite"],
    [":memory:", ":memory:"],
    [`$x/$\{HOME}`, `$x/$\{HOME}`],
    ["123", "123"],
    ["true", "true"],
  ],
  "sqlite.synchronous": [
    ["normal", "normal"],
    ["full", "full"],
  ],
  "manticore.url": [
    ["mysql://h", ["mysql://h"]],
    ["mysqls://u@h:1, mysql://[::1]:2", ["mysqls://u@h:1", "mysql://[::1]:2"]],
  ],
  "manticore.prefix": [["spans_", "spans_"]],
  "manticore.window": [
    ["hour", "hour"],
    ["week", "week"],
  ],
  "manticore.attributes": [
    ["words", "words"],
    ["json", "json"],
  ],
  "manticore.ca-file": [["none", "none"]],
  "manticore.cluster": [["c", "c"]],
  "manticore.shards": [
    ["none", []],
    ["mysql://u@h:1?agent=h:2, mysqls://i", ["mysql://u@h:1?agent=h:2", "mysqls://i"]],
  ],
  "elasticsearch.url": [
    ["http://h", ["http://h"]],
    ["https://u@h:1,http://[::1]:2", ["https://u@h:1", "http://[::1]:2"]],
  ],
  "elasticsearch.api-key": [["none", "none"]],
  "elasticsearch.ca-file": [["none", "none"]],
  "elasticsearch.ca-fingerprint": [["none", "none"]],
  "elasticsearch.prefix": [["spans-", "spans-"]],
  "elasticsearch.window": [
    ["hour", "hour"],
    ["week", "week"],
  ],
  "elasticsearch.shards": [
    ["1", 1],
    ["12", 12],
  ],
  "elasticsearch.codec": [["best_compression", "best_compression"]],
  "elasticsearch.replicas": [
    ["auto", "auto"],
    ["0", "0"],
  ],
  "elasticsearch.refresh": [["wait", "wait"]],
  "elasticsearch.refresh-interval": [["5s", 5_000]],
  "elasticsearch.compression": [["true", true]],
  "elasticsearch.timeout": [["1m", 60_000]],
  listen: [
    [":1", ":1"],
    ["[::1]:0", "[::1]:0"],
    ["localhost:65535", "localhost:65535"],
  ],
  admin: [["0.0.0.0:9", "0.0.0.0:9"]],
  "http.listen": [
    ["none", "none"],
    ["[::]:7", "[::]:7"],
  ],
  "http.cors-origins": [
    ["none", []],
    ["*", ["*"]],
    ["https://a.example,http://b:8080", ["https://a.example", "http://b:8080"]],
  ],
  "http.ui-dir": [
    ["none", "none"],
    ["/srv/jaeger-ui/build", "/srv/jaeger-ui/build"],
  ],
  "http.max-clock-skew": [
    ["0", 0],
    ["10s", 10_000],
  ],
  "http.max-span-series": [
    ["1", 1],
    ["100000", 100_000],
  ],
  "all-in-one": [
    ["true", true],
    ["false", false],
  ],
  "archive.listen": [
    ["none", "none"],
    ["[::]:7", "[::]:7"],
  ],
  "tls.cert-file": [["/tls/tls.crt", "/tls/tls.crt"]],
  "tls.key-file": [["/tls/tls.key", "/tls/tls.key"]],
  "tls.client-ca-file": [["/tls/ca.crt", "/tls/ca.crt"]],
  "tls.min-version": [
    ["1.2", "1.2"],
    ["1.3", "1.3"],
  ],
  "tls.admin": [["false", false]],
  "auth.tokens-file": [["/auth/tokens", "/auth/tokens"]],
  "auth.tokens": [["none", []]],
  "reload.interval": [["1m", 60_000]],
  retention: [
    ["none", "none"],
    ["7d", 604_800_000],
    ["36h", 129_600_000],
  ],
  "retention-interval": [["5m", 300_000]],
  "tenancy.enabled": [
    ["true", true],
    ["false", false],
  ],
  "tenancy.header": [
    ["x-scope", "x-scope"],
    ["X-Tenant", "X-Tenant"],
  ],
  "tenancy.tenants": [
    ["acme", ["acme"]],
    ["acme, country-store,", ["acme", "country-store"]],
    ["any", ["any"]],
  ],
  "tenancy.required": [
    ["true", true],
    ["false", false],
  ],
  "tenancy.retention": [
    ["none", []],
    [
      "acme=30d, free-*=1h",
      [
        { pattern: "acme", value: 2_592_000_000 },
        { pattern: "free-*", value: 3_600_000 },
      ],
    ],
    ["a=b=1d", [{ pattern: "a=b", value: 86_400_000 }]],
  ],
  "tenancy.bytes-per-second": [["acme=10MiB", [{ pattern: "acme", value: 10_485_760 }]]],
  "allow-purge": [
    ["true", true],
    ["false", false],
  ],
  "storage-v1.declare-streaming": [
    ["true", true],
    ["false", false],
  ],
  "grpc.max-receive-message-bytes": [
    ["4MiB", 4 * 2 ** 20],
    ["1.5KiB", 1536],
    ["2000", 2000],
    ["1 GiB", 2 ** 30],
    ["5MB", 5_000_000],
    ["5mib", 5 * 2 ** 20],
  ],
  "limits.waiting-bytes": [
    ["0", 0],
    ["512MiB", 512 * 2 ** 20],
  ],
  "limits.arrival-time": [["5s", 5000]],
  "limits.connections": [["20", 20]],
  "limits.calls": [["10000", 10_000]],
  "limits.calls-per-connection": [["1", 1]],
  "limits.bytes-per-second": [
    ["none", "none"],
    ["1MiB", 1_048_576],
  ],
  "limits.span-bytes": [["1MiB", 1_048_576]],
  "limits.name-bytes": [["1KiB", 1024]],
  "limits.value-bytes": [["100KiB", 102_400]],
  "limits.attributes": [["128", 128]],
  "limits.query-bytes": [["64KiB", 65_536]],
  "limits.header-bytes": [["8KiB", 8192]],
  "watch.file": [["/etc/spanstore/watches.yaml", "/etc/spanstore/watches.yaml"]],
  "watch.state": [["/var/lib/spanstore/watches.state", "/var/lib/spanstore/watches.state"]],
  "watch.alertmanager": [
    ["none", []],
    ["http://a:9093,https://b", ["http://a:9093", "https://b"]],
  ],
  "watch.webhook": [["none", []]],
  "watch.link": [["https://traces.example.com/{traceId}", "https://traces.example.com/{traceId}"]],
  "dead-letters.file": [["/var/log/letters.jsonl", "/var/log/letters.jsonl"]],
  "dead-letters.max-bytes": [["1GiB", 1_073_741_824]],
  "shutdown.grace": [
    ["500ms", 500],
    ["1.5s", 1500],
    ["0", 0],
    ["2m", 120_000],
    ["1h30m", 5_400_000],
    ["1d12h", 129_600_000],
    ["0.5w", 302_400_000],
  ],
  "log.level": [
    ["debug", "debug"],
    ["silent", "silent"],
  ],
};

const anyOption = fc.constantFrom(...optionNames);
const anySettings = fc.uniqueArray(
  anyOption.chain((name) => fc.tuple(fc.constant(name), fc.nat({ max: samples[name].length - 1 }))),
  { selector: ([name]) => name },
);
type Settings = readonly (readonly [OptionName, number])[];

function written(settings: Settings): [OptionName, string][] {
  return settings.map(([name, i]) => [name, samples[name][i]?.[0] ?? ""]);
}

function meant(settings: Settings): Partial<Config> {
  return Object.fromEntries(settings.map(([name, i]) => [name, samples[name][i]?.[1]]));
}

function yamlOf(settings: Settings): string {
  return written(settings)
    .map(([name, value]) => {
      const parts = name.split(".");
      const literal = JSON.stringify(value.replaceAll("$", "$$$$"));
      return `${parts.map((part) => `{ ${part}: `).join("")}${literal}${" }".repeat(parts.length)}`;
    })
    .join("\n---\n");
}

describe("the configuration", () => {
  it("takes every option from each place: flag before environment before file before default", () => {
    fc.assert(
      fc.property(anySettings, anySettings, anySettings, (flags, variables, inFile) => {
        // One map of each top-level key, as YAML wants it.
        const merged: Record<string, Record<string, string> | string> = {};
        for (const document of yamlOf(inFile).split("\n---\n")) {
          for (const [key, value] of Object.entries((parse(document) ?? {}) as Record<string, string>)) {
            merged[key] =
              typeof value === "object" ? { ...(merged[key] as object), ...(value as object) } : value;
          }
        }
        const args = written(flags).map(([name, value]) => `--${name}=${value}`);
        const environment = Object.fromEntries(
          written(variables).map(([name, value]) => [environmentName(name), value]),
        );
        const { config } = loadConfig([...args, `--config=${file(JSON.stringify(merged))}`], environment);
        expect(config).toEqual({ ...defaults, ...meant(inFile), ...meant(variables), ...meant(flags) });
      }),
      { numRuns: 200 },
    );
  });

  it("is printed as a file with the same meaning", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const args = written(settings).map(([name, value]) => `--${name}=${value}`);
        const { config } = loadConfig(args, {});
        expect(loadConfig(["--config", file(configText(config))], {}).config).toEqual(config);
      }),
      { numRuns: 100 },
    );
  });

  it("is printed so that the server takes every option of it again, whatever its value and wherever it came from", () => {
    const text = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
      .filter((each) => each.trim() !== "");
    const word = text.map((each) => each.trim());
    const millis = fc.integer({ min: 1000, max: 86_400_000 });
    const bytes = fc.integer({ min: 4096, max: 60_000 });
    const secret = fc.stringMatching(/^s3cret[a-z0-9:/@?]{6}$/).map(encodeURIComponent);
    const anyOf = (name: OptionName): fc.Arbitrary<unknown> => {
      const { placeholder } = options[name];
      if (name === "tenancy.header") return fc.constantFrom("x-a", "x-b");
      if (name === "elasticsearch.refresh-interval") return fc.integer({ min: 10, max: 600_000 });
      if (name === "elasticsearch.timeout") return fc.integer({ min: 1, max: 3_600_000 });
      if (name === "auth.tokens") return fc.array(secret, { minLength: 1 });
      if (/\.(url|shards)$/.test(name) && /URL/.test(placeholder)) {
        const scheme = name.startsWith("m") ? "mysql" : "http";
        return fc.array(
          fc.tuple(secret, secret).map(([user, password]) => `${scheme}://${user}:${password}@h:1`),
          { minLength: 1, maxLength: 3 },
        );
      }
      if (/NAME=/.test(placeholder)) {
        return fc.array(
          fc
            .tuple(word, /TIME/.test(placeholder) ? millis.map((ms) => `${ms}ms`) : bytes.map(String))
            .map((pair) => pair.join("=")),
          { minLength: 1, maxLength: 3 },
        );
      }
      if (name === "tenancy.tenants") return fc.array(word, { maxLength: 3 });
      if (/^(FILE|KEY|HEX|WORD|NAME)/.test(placeholder)) return text;
      if (/^TIME/.test(placeholder)) return millis;
      if (/^SIZE/.test(placeholder)) return bytes;
      return fc.constantFrom(...samples[name].map(([each]) => each));
    };
    const anyFile = fc.uniqueArray(
      anyOption.chain((name) => fc.tuple(fc.constant(name), anyOf(name))),
      { selector: ([name]) => name, minLength: 1 },
    );
    let covered = new Set<string>();
    fc.assert(
      fc.property(anyFile, (settings) => {
        const nested: Record<string, unknown> = {};
        const environment: Record<string, string> = {};
        for (const [name, value] of settings) {
          const escaped = JSON.parse(JSON.stringify(value).replaceAll("$", "$$$$"));
          const [first = "", ...rest] = name.split(".");
          if (rest.length === 0) nested[first] = escaped;
          else nested[first] = { ...(nested[first] as object), [rest.join(".")]: escaped };
          environment[environmentName(name)] = Array.isArray(value) ? value.join(",") : String(value);
          covered = covered.add(name);
        }
        const { config } = loadConfig(["--config", file(JSON.stringify(nested))], {});
        const printed = configText(config);
        // A secret is taken from the environment, and what it says there goes before the file.
        const secrets = Object.fromEntries(
          Object.entries(environment).filter(([name]) => printed.includes(`\${${name}}`)),
        );
        expect(loadConfig(["--config", file(printed)], secrets).config).toEqual(config);
        expect(printed).not.toContain(":s3cret");
        expect(
          secrets.SPANSTORE_AUTH_TOKENS !== undefined || environment.SPANSTORE_AUTH_TOKENS === undefined,
        ).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect([...covered].sort()).toEqual([...optionNames].sort());
  });

  it("names the variable of a secret that is not set", () => {
    const { config } = loadConfig(["--elasticsearch.api-key=secret"], {});
    const path = file(configText(config));
    expect(readFileSync(path, "utf8")).toContain(`api-key: $\{SPANSTORE_ELASTICSEARCH_API_KEY} # ***`);
    expect(problemsOf(["--config", path])).toEqual([
      `${path}: the environment variable SPANSTORE_ELASTICSEARCH_API_KEY is not set, and has no default`,
    ]);
  });

  it("takes a flag's value after a space, and a switch without one", () => {
    const { config, action } = loadConfig(["--listen", "localhost:1", "--allow-purge"], {});
    expect(config).toEqual({ ...defaults, listen: "localhost:1", "allow-purge": true });
    expect(action).toBe("serve");
  });

  it("takes the file's path from the environment, and numbers and booleans as YAML has them", () => {
    const path = file(
      "allow-purge: true\ngrpc:\n  max-receive-message-bytes: 2048\nshutdown: { grace: 250 }\n",
    );
    const { config } = loadConfig([], { SPANSTORE_CONFIG: path });
    expect(config).toEqual({
      ...defaults,
      "allow-purge": true,
      "grpc.max-receive-message-bytes": 2048,
      "shutdown.grace": 250,
    });
  });

  it("puts environment variables into the file's values", () => {
    const path = file(
      `sqlite: { path: "$\{DIR:-/tmp}/$\{NAME}.sqlite" }
listen: $\{HOST:-localhost}:$\{PORT:-17}
log: { level: "$\{LEVEL:-}" }
`,
    );
    const problems = problemsOf(["--config", path], { NAME: "n" });
    expect(problems).toEqual([expect.stringMatching(/log\.level: must be debug, .* not ""$/)]);
    const { config } = loadConfig(["--config", path], { NAME: "n", DIR: "", PORT: "18", LEVEL: "warn" });
    expect(config).toMatchObject({
      "sqlite.path": "/tmp/n.sqlite",
      listen: "localhost:18",
      "log.level": "warn",
    });
    expect(problemsOf(["--config", path], {})).toEqual([
      `${path}: the environment variable NAME is not set, and has no default`,
    ]);
  });

  it("lists every problem at once, with the nearest known name", () => {
    const path = file("sqlight: {}\nsqlite: { pth: x }\nlisten: { port: 1 }\n");
    expect(problemsOf(["--lisen=x", "--backend", "postgres", "stray", "--config", path])).toEqual([
      "unknown flag --lisen; did you mean --listen?",
      'unexpected argument "stray"',
      `${path}: unknown key sqlight`,
      `${path}: unknown key sqlite.pth; did you mean sqlite.path?`,
      '--backend: must be sqlite, manticore, elasticsearch or memory, not "postgres"',
    ]);
  });

  it.each<[args: string[], environment: Record<string, string>, problem: RegExp]>([
    [["--listen"], {}, /^--listen needs a value/],
    [["--listen=nowhere"], {}, /^--listen: must be HOST:PORT/],
    [["--listen=a:65536"], {}, /^--listen: must be HOST:PORT/],
    [["--allow-purge=maybe"], {}, /^--allow-purge: must be true or false/],
    [["--grpc.max-receive-message-bytes=5MBit"], {}, /must be a number of bytes, for example 64MiB or 10kB/],
    [
      ["--limits.arrival-time=1h30"],
      {},
      /must be a length of time, for example 10s, 1h30m or 7d, not "1h30"/,
    ],
    [["--limits.arrival-time=1us"], {}, /must be a length of time in whole milliseconds/],
    [["--grpc.max-receive-message-bytes=1"], {}, /must be at least 1KiB/],
    [["--grpc.max-receive-message-bytes=3GiB"], {}, /must be below 2GiB/],
    [["--shutdown.grace=-1s"], {}, /must be a length of time/],
    [["--shutdown.grace=1000h"], {}, /must be at most/],
    [["--retention=week"], {}, /^--retention: must be a length of time, for example 7d, or none, not "week"/],
    [["--retention=1ms"], {}, /^--retention: must be/],
    [["--tenancy.retention=30d"], {}, /must be NAME=VALUE with commas between/],
    [["--tenancy.retention=acme=soon"], {}, /must be NAME=VALUE with commas between/],
    [["--tls.min-version=1.1"], {}, /^--tls\.min-version: must be 1\.2 or 1\.3/],
    [["--limits.header-bytes=1MiB"], {}, /must be below 64KiB/],
    [["--sqlite.path="], {}, /^--sqlite\.path: must not be empty/],
    [["--help=yes", "--lisen"], {}, /^$/],
    [["--print-config=yes"], {}, /^--print-config takes no value/],
    [["--config=/nowhere/at/all.yaml"], {}, /there is no such file/],
    [[], { SPANSTORE_SHUTDOWN_GRACE: "soon" }, /^SPANSTORE_SHUTDOWN_GRACE: must be a length of time/],
  ])("refuses %j %j", (args, environment, problem) => {
    expect(problemsOf(args, environment).join("\n")).toMatch(problem);
  });

  it.each<[yaml: string, problem: RegExp]>([
    ["a: [", /1\.yaml|\.yaml: .+/],
    ["listen: a:1\nlisten: b:2", /keys must be unique/i],
    ["- listen", /must be a map of options/],
    ["sqlite: full", /sqlite must be a map of options/],
    ["listen: [1]", /listen: /],
    ["sqlite: { path: 5 }", /sqlite\.path: /],
    ["listen: *nothing", /nothing/],
  ])("refuses the file %j", (yaml, problem) => {
    const path = file(yaml);
    const problems = problemsOf(["--config", path]);
    expect(problems.join("\n")).toMatch(problem);
    for (const line of problems) expect(line).toContain(path);
  });

  it("treats an empty file and a key without a value as unset", () => {
    expect(loadConfig(["--config", file("# nothing\n")], {}).config).toEqual(defaults);
    expect(loadConfig(["--config", file("listen:\nsqlite:\n")], {}).config).toEqual(defaults);
  });

  it("takes aliases", () => {
    const path = file("listen: &all :17\nadmin: *all\n");
    expect(loadConfig(["--config", path], {}).config).toMatchObject({ listen: ":17", admin: ":17" });
  });

  it("refuses a misspelt variable and warns of others that mean nothing, but of none that Kubernetes sets", () => {
    const others = {
      SPANSTORE_SERVICE_HOST: "10.0.0.1",
      SPANSTORE_PORT: "tcp://10.0.0.1:17271",
      SPANSTORE_PORT_17271_TCP_ADDR: "10.0.0.1",
      SPANSTORE_ADMIN_SERVICE_PORT_HTTP: "1",
      OTHER: "y",
    };
    expect(loadConfig([], others).warnings).toEqual([]);
    expect(loadConfig([], { ...others, SPANSTORE_IMAGE_NAME: "x" }).warnings).toEqual([
      "the environment variable SPANSTORE_IMAGE_NAME means nothing",
    ]);
    const misspelt = { SPANSTORE_LISTE: "x", SPANSTORE_AUTH_TOKEN: "y", SPANSTORE_CONFIGS: "z" };
    expect(problemsOf([], misspelt)).toEqual([
      "the environment variable SPANSTORE_LISTE means nothing; did you mean SPANSTORE_LISTEN?",
      "the environment variable SPANSTORE_AUTH_TOKEN means nothing; did you mean SPANSTORE_AUTH_TOKENS?",
      "the environment variable SPANSTORE_CONFIGS means nothing; did you mean SPANSTORE_CONFIG?",
    ]);
  });

  it.each(optionNames.filter((name) => options[name].refusesEmpty))(
    "refuses an empty %s from wherever it comes, and takes none",
    (option) => {
      const message = (name: string): string =>
        `${name}: is empty: say none, or leave it out, for a server without it`;
      const [group = "", ...rest] = option.split(".");
      const inFile = (value: string): string => file(`${group}:\n  ${rest.join(".")}: ${value}\n`);
      expect(problemsOf([`--${option}=`])).toEqual([message(`--${option}`)]);
      const variable = environmentName(option);
      expect(problemsOf([], { [variable]: "" })).toEqual([message(variable)]);
      for (const value of ["", '""', `$\{SECRET:-}`]) {
        const path = inFile(value);
        const problems = problemsOf(["--config", path], { SECRET: "" });
        // A reference without a value is refused as such.
        if (!value.startsWith("$")) expect(problems).toEqual([message(`${path}: ${option}`)]);
        else expect(problems).toHaveLength(1);
      }
      for (const args of [[`--${option}=none`], ["--config", inFile("none")]]) {
        expect(loadConfig(args, {}).config).toEqual(defaults);
      }
    },
  );

  it("shows no part of a password, whatever characters it has", () => {
    const password = fc
      .string({ unit: fc.constantFrom(..."@/:?#,%\\[] '\"12aé"), minLength: 1, maxLength: 8 })
      .map((text) => `<<${text}>>`);
    const names = ["manticore.url", "manticore.shards", "elasticsearch.url"] as const;
    let accepted = 0;
    fc.assert(
      fc.property(password, fc.constantFrom(...names), fc.boolean(), (secret, name, isEncoded) => {
        const scheme = name === "elasticsearch.url" ? "https" : "mysql";
        const given = `${scheme}://user:${isEncoded ? encodeURIComponent(secret) : secret}@host:1`;
        const shown: string[] = [];
        try {
          const { config } = loadConfig([`--${name}=${given}`], {});
          shown.push(configText(config), String(formatValue(name, config[name])));
          accepted++;
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          expect(isEncoded).toBe(false);
          shown.push(error.message);
        }
        for (const text of shown) {
          expect(text).not.toContain("<<");
          expect(text).not.toContain("%3C%3C");
          expect(text).not.toContain(">>");
        }
      }),
    );
    expect(accepted).toBeGreaterThan(0);
    // A number and a slash look like a port and a path.
    const [problem = ""] = problemsOf(["--manticore.url=mysql://user:1234/secret@host:1"]);
    expect(problem).toMatch(
      /^--manticore\.url: must be mysql:\/\/HOST:PORT, where .*%2F for \/.*, not \*\*\*$/,
    );
    expect(String(formatValue("manticore.url", ["mysql://user:1234/secret@host:1"]))).toBe("***");
    expect(problemsOf(["mysql://user:secret@host:1"])).toEqual(["unexpected argument ***"]);
    const kept = "mysql://user:p%40ss@host:1?agent=10.0.0.1:9312";
    expect(formatValue("manticore.shards", [kept])).toBe("mysql://user:***@host:1?agent=10.0.0.1:9312");
  });

  it.each<[args: string[], text: RegExp | undefined]>([
    [[], undefined],
    [["--listen=[::1]:1", "--admin=localhost:2", "--archive.listen=127.0.0.2:3"], undefined],
    [
      ["--listen=0.0.0.0:1"],
      /^other machines reach --listen=0\.0\.0\.0:1, and everyone who does may read and write/,
    ],
    [["--listen=:1", "--admin=[::]:2"], /^other machines reach --listen=:1 and --admin=\[::\]:2, and/],
    [
      ["--listen=:1", "--tls.cert-file=c", "--tls.key-file=k"],
      /everyone who does may read and write all spans$/,
    ],
    [
      ["--listen=:1", "--auth.tokens-file=t"],
      /without TLS, so that tokens and spans can be read on the way$/,
    ],
    [["--http.listen=:1"], /^other machines reach --http\.listen=:1, and everyone who does/],
    [["--listen=:1", "--auth.tokens-file=t", "--tls.cert-file=c"], undefined],
    [["--listen=:1", "--tls.cert-file=c", "--tls.client-ca-file=a"], undefined],
  ])("tells of %j whether others may do everything", (args, text) => {
    const exposure = exposureOf(loadConfig(args, {}).config);
    if (text === undefined) expect(exposure).toBeUndefined();
    else expect(exposure?.text).toMatch(text);
  });

  it("shows help and version whatever else is wrong", () => {
    expect(loadConfig(["--nonsense", "-h"], {}).action).toBe("help");
    expect(loadConfig(["--version", "--listen=x"], {}).action).toBe("version");
  });

  it("lists every option and its default in the README", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const listed = [...readme.matchAll(/^\| `--([^`]+)` \| `([^`]+)` \|/gm)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(listed).toEqual(optionNames.map((name) => [name, String(formatValue(name, defaults[name]))]));
  });

  it("explains every option and its default in the help", () => {
    const help = helpText("grpc-server", undefined);
    for (const name of optionNames) {
      expect(help).toContain(`--${name}`);
      expect(help.replaceAll(/\s+/g, " ")).toContain(options[name].help);
    }
    expect(help).toContain("Default: 64MiB.");
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(92);
  });
});
