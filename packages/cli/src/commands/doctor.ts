import { isSpanStoreError } from "@spanstore/core";
import type { Finding } from "@spanstore/core/engine";
import { plain } from "@spanstore/core/text";
import {
  type Config,
  diagnoseBackend,
  diagnoseStore,
  exposureOf,
  serveOptions,
} from "@spanstore/grpc-server/program";
import { type CommandCall, type CommandFlags, defineCommand, onOff } from "../calling/command.js";
import { serverFlags } from "../calling/server.js";
import { withStore } from "../calling/store.js";
import { diagnoseFiles } from "../doctor/files.js";
import { askAdmin, diagnosePort } from "../doctor/ports.js";
import { diagnoseRuntime } from "../doctor/runtime.js";

const flags = {
  json: {
    placeholder: "",
    help: "Print each finding as a line of JSON, for scripts.",
    schema: onOff,
  },
  ...serverFlags,
} as const satisfies CommandFlags;

export const doctor = defineCommand({
  name: "doctor",
  text: [
    "Checks everything that a server with this configuration needs, and says how to fix each problem: the configuration, Node.js, memory, the clock, ports, files and their permissions, certificates and when they end, the backend with its version, its settings, its state and the room on its disk. It changes nothing.",
    "With --server it asks a running server only. The exit code is 1 when there is a problem.",
  ],
  arguments: [],
  flags,
  examples: ["spanstore doctor --config=spanstore.yaml", "spanstore doctor --server=localhost:17271 --json"],
  checksConfiguration: true,
  run: async (call) => {
    let problems = 0;
    let warnings = 0;
    const tell = async (part: string, findings: readonly Finding[]): Promise<void> => {
      for (const finding of findings) {
        if (finding.level === "problem") problems++;
        else if (finding.level === "warning") warnings++;
        await print(call, part, finding);
      }
    };
    for await (const { part, findings } of diagnose(call)) await tell(part, findings);
    if (!call.flags.json) {
      await call.output.line(
        problems + warnings === 0 ? "all is well" : `problems: ${problems}, warnings: ${warnings}`,
      );
    }
    return problems === 0 ? 0 : 1;
  },
});

type DoctorCall = CommandCall<typeof flags>;

interface Part {
  readonly part: string;
  readonly findings: readonly Finding[];
}

async function* diagnose(call: DoctorCall): AsyncGenerator<Part, void, undefined> {
  const { config, configProblems, signal } = call;
  if (configProblems.length > 0) {
    const findings = configProblems.map(
      (text): Finding => ({ level: "problem", subject: "option", text, advice: "see spanstore --help" }),
    );
    yield { part: "configuration", findings };
    return;
  }
  yield { part: "configuration", findings: configurationFindings(call) };
  if (call.flags.server !== undefined) {
    const findings = await withStore(call, { asksHealth: true }, (store) =>
      diagnoseStore("server", store, signal),
    );
    yield { part: "server", findings };
    return;
  }
  yield { part: "process", findings: diagnoseRuntime(config) };
  const files = diagnoseFiles(config);
  if (files.length > 0) yield { part: "files", findings: files };
  yield { part: "ports", findings: await portFindings(config) };
  yield { part: config.backend, findings: await diagnoseBackend(config, "main") };
}

function configurationFindings({ warnings, config }: DoctorCall): Finding[] {
  const findings = warnings.map((text): Finding => ({ level: "warning", subject: "environment", text }));
  try {
    serveOptions(config);
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    const { field = "options", message, hint } = error;
    findings.push({
      level: "problem",
      subject: field,
      text: message,
      ...(hint === undefined ? {} : { advice: hint }),
    });
  }
  const exposure = exposureOf(config);
  if (exposure !== undefined) findings.push({ level: "warning", subject: "access", ...exposure });
  return findings.length > 0 ? findings : [{ level: "ok", subject: "options", text: "they go together" }];
}

async function portFindings(config: Config): Promise<Finding[]> {
  const scheme = config["tls.cert-file"] !== "none" && config["tls.admin"] ? "https" : "http";
  const ask = (address: string): Promise<string | undefined> => askAdmin(scheme, address);
  const admin = await diagnosePort("--admin", config.admin, ask);
  const isOurs = admin.level === "ok" && !admin.text.endsWith("is free");
  const beside = async (): Promise<string | undefined> =>
    isOurs ? `the server listens whose admin port is ${config.admin}` : undefined;
  const archive = config["archive.listen"];
  return [
    await diagnosePort("--listen", config.listen, beside),
    admin,
    ...(archive === "none" ? [] : [await diagnosePort("--archive.listen", archive, beside)]),
  ];
}

const marks: Readonly<Record<Finding["level"], string>> = {
  ok: "ok",
  warning: "warning",
  problem: "PROBLEM",
};

async function print(call: DoctorCall, part: string, finding: Finding): Promise<void> {
  const { output } = call;
  if (call.flags.json) {
    await output.line(JSON.stringify({ part, ...finding }));
    return;
  }
  const { level, subject, text, advice } = finding;
  await output.line(`${marks[level].padEnd(8)}${`${part}, ${subject}`.padEnd(28)}  ${plain(text)}`);
  if (level !== "ok" && advice !== undefined) await output.line(`${" ".repeat(38)}-> ${plain(advice)}`);
}
