import type { Command } from "../calling/command.js";

interface Entry {
  /** Its purpose, in one line. */
  readonly summary: string;
  /** Loads the modules of a command when it runs. */
  readonly load: () => Promise<Command>;
}

/** Every command, by its name. */
const commands: Readonly<Record<string, Entry>> = {
  search: {
    summary: "find traces",
    load: async () => (await import("./search.js")).search,
  },
  trace: {
    summary: "show traces as text",
    load: async () => (await import("./trace.js")).trace,
  },
  services: {
    summary: "list services, or the operations of one",
    load: async () => (await import("./services.js")).services,
  },
  copy: {
    summary: "copy spans from one backend to another",
    load: async () => (await import("./copy.js")).copy,
  },
  import: {
    summary: "write traces from files: OTLP's JSON, Jaeger's JSON",
    load: async () => (await import("./import.js")).importTraces,
  },
  export: {
    summary: "write traces to a file: OTLP's JSON, Jaeger's JSON",
    load: async () => (await import("./export.js")).exportTraces,
  },
  retention: {
    summary: "remove old spans, or say which would go",
    load: async () => (await import("./retention.js")).retention,
  },
  watch: {
    summary: "check a file of watches, or say what it would have raised",
    load: async () => (await import("./watch.js")).watch,
  },
  doctor: {
    summary: "check everything that a server needs, and say what to do",
    load: async () => (await import("./doctor.js")).doctor,
  },
  maintain: {
    summary: "optimize, flush or repair the tables of Manticore Search",
    load: async () => (await import("./maintain.js")).maintain,
  },
  health: {
    summary: "ask a running server whether it can serve",
    load: async () => (await import("./health.js")).health,
  },
};

export const commandNames = Object.keys(commands);

export function summaryOf(name: string): string {
  return commands[name]?.summary ?? "";
}

/** Undefined when there is no such command. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(commands, name) ? commands[name]?.load() : undefined;
}

/** The commands and what they do, a line each. */
export function commandLines(): string {
  const width = Math.max(...commandNames.map((name) => name.length));
  return commandNames.map((name) => `  ${name.padEnd(width)}  ${summaryOf(name)}`).join("\n");
}
