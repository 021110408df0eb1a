import { resolve } from "node:path";
import { defaultTenantHeader, isTenantHeader } from "@spanstore/client/wire";
import {
  type Config,
  configOf,
  type Environment,
  environmentName,
  formatValue,
  type JaegerIndicesOptions,
  type OptionName,
  optionNames,
  parseAddress,
  UsageError,
} from "@spanstore/grpc-server/program";

/** A source or a target of a copy. */
export type Place = StorePlace | ServerPlace | JaegerPlace;

/** A backend, as the server's configuration names it. */
export interface StorePlace {
  readonly kind: "store";
  /** Its name in messages, without secrets. */
  readonly name: string;
  readonly config: Config;
}

/** A running server, over gRPC. */
export interface ServerPlace {
  readonly kind: "server";
  readonly name: string;
  readonly address: string;
  readonly tls: boolean;
  /** Certificates of authorities to trust. */
  readonly caFile: string | undefined;
  readonly tenantHeader: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The indices of Jaeger's own Elasticsearch storage, as a source. */
export interface JaegerPlace {
  readonly kind: "jaeger";
  readonly name: string;
  readonly options: Omit<JaegerIndicesOptions, "ca" | "archive">;
  readonly caFile: string | undefined;
  readonly dotReplacement: string;
}

export interface PlaceFlags {
  /** `KIND:ADDRESS`. */
  readonly place: string | undefined;
  /** A configuration file of the server. */
  readonly config: string | undefined;
}

const usualDotReplacement = "@";
const forms =
  "sqlite:FILE, manticore:mysql://HOST:PORT, elasticsearch:http://HOST:PORT, jaeger-elasticsearch:http://HOST:PORT or grpc:HOST:PORT";

/**
 * Reads the place that a flag and its `-config` flag name; undefined when both are missing.
 * @param flag its name in messages.
 * @throws UsageError with every problem found.
 */
export function readPlace(flag: string, given: PlaceFlags, environment: Environment): Place | undefined {
  const { place, config } = given;
  if (place === undefined) {
    return config === undefined ? undefined : storePlace({}, flag, config, environment);
  }
  const [, kind = "", rest = ""] = /^([a-z-]+):(.*)$/s.exec(place) ?? [];
  if (rest === "") throw wrong(flag, `must be ${forms}, not ${JSON.stringify(place)}`);
  if (kind === "sqlite") {
    return storePlace({ backend: kind, "sqlite.path": rest }, flag, config, environment);
  }
  const { address, parameters } = splitParameters(rest);
  if (kind === "manticore" || kind === "elasticsearch") {
    const values: Partial<Record<OptionName, unknown>> = { backend: kind };
    for (const [name, value] of [["url", address], ...parameters] as Parameters) {
      const option = optionNames.find((known) => known === `${kind}.${name}`);
      if (option === undefined) throw unknownOption(flag, kind, name, backendOptions(kind));
      values[option] = value;
    }
    return storePlace(values, flag, config, environment);
  }
  if (config !== undefined) throw wrong(flag, `takes no file of configuration beside ${kind}:`);
  if (kind === "grpc" || kind === "grpcs") return serverPlace(flag, kind, address, parameters);
  if (kind === "jaeger-elasticsearch") return jaegerPlace(flag, address, parameters);
  throw wrong(flag, `must be ${forms}, not ${JSON.stringify(place)}`);
}

/** The store of a configuration. */
export function placeOfConfig(config: Config): StorePlace {
  return { kind: "store", name: nameOf(config), config };
}

/** The store of a place's options and a configuration file; the place's options come first. */
function storePlace(
  values: Partial<Record<OptionName, unknown>>,
  flag: string,
  file: string | undefined,
  environment: Environment,
): StorePlace {
  const layer = { values, nameOf: (option: OptionName) => `--${flag}: ${option}` };
  // The variables of options mean one store, and a copy has two: they are left out. A file may still refer to others.
  const others = Object.entries(environment).filter(([name]) => !isOption(name));
  const { config } = configOf({ layer, config: file, problems: [] }, Object.fromEntries(others));
  return placeOfConfig(config);
}

function isOption(variable: string): boolean {
  return (
    variable === "SPANSTORE_CONFIG" || optionNames.some((option) => environmentName(option) === variable)
  );
}

function nameOf(config: Config): string {
  switch (config.backend) {
    case "memory":
      return "memory";
    case "sqlite":
      return `sqlite:${resolve(config["sqlite.path"])}`;
    case "manticore":
      return `manticore:${formatValue("manticore.url", config["manticore.url"])}?prefix=${config["manticore.prefix"]}`;
    case "elasticsearch":
      return `elasticsearch:${formatValue("elasticsearch.url", config["elasticsearch.url"])}?prefix=${config["elasticsearch.prefix"]}`;
  }
}

function serverPlace(flag: string, kind: string, address: string, parameters: Parameters): ServerPlace {
  if (parseAddress(address) === undefined)
    throw wrong(flag, `must be ${kind}:HOST:PORT, not ${JSON.stringify(address)}`);
  let caFile: string | undefined;
  let tenantHeader = defaultTenantHeader;
  const headers: Record<string, string> = {};
  for (const [name, value] of parameters) {
    if (name === "ca-file" && kind === "grpcs") caFile = value;
    else if (name === "tenant-header" && isTenantHeader(value)) tenantHeader = value;
    else if (name === "tenant-header") throw wrongHeader(flag, name, value);
    else if (name.startsWith("header.") && !isTenantHeader(name.slice("header.".length)))
      throw wrongHeader(flag, "header.NAME", name);
    else if (name.startsWith("header.")) headers[name.slice("header.".length)] = value;
    else
      throw unknownOption(flag, kind, name, kind === "grpcs" ? [...serverOptions, "ca-file"] : serverOptions);
  }
  return {
    kind: "server",
    name: `${kind}:${address}`,
    address,
    tls: kind === "grpcs",
    caFile,
    tenantHeader,
    headers,
  };
}

function jaegerPlace(flag: string, address: string, parameters: Parameters): JaegerPlace {
  const url = address.split(",");
  for (const each of url) {
    if (!/^https?:\/\//.test(each))
      throw wrong(flag, `must be jaeger-elasticsearch:http://HOST:PORT, not ${JSON.stringify(each)}`);
  }
  const given: { prefix?: string; index?: string; apiKey?: string } = {};
  let caFile: string | undefined;
  let dotReplacement = usualDotReplacement;
  for (const [name, value] of parameters) {
    if (name === "prefix") given.prefix = value;
    else if (name === "index") given.index = value;
    else if (name === "api-key") given.apiKey = value;
    else if (name === "ca-file") caFile = value;
    else if (name === "dot-replacement") dotReplacement = value;
    else throw unknownOption(flag, "jaeger-elasticsearch", name, jaegerOptions);
  }
  const shown = new URLSearchParams(parameters.filter(([name]) => name !== "api-key" && name !== "ca-file"));
  const query = shown.size === 0 ? "" : `?${shown}`;
  return {
    kind: "jaeger",
    name: `jaeger-elasticsearch:${formatValue("elasticsearch.url", url)}${query}`,
    options: { url, ...given },
    caFile,
    dotReplacement,
  };
}

type Parameters = readonly [name: string, value: string][];

/** Splits `ADDRESS?NAME=VALUE&NAME=VALUE`. A `+` in a value stays, since API keys contain it. */
function splitParameters(text: string): { readonly address: string; readonly parameters: Parameters } {
  const at = text.indexOf("?");
  if (at < 0) return { address: text, parameters: [] };
  const pairs = text.slice(at + 1).replaceAll("+", "%2B");
  return { address: text.slice(0, at), parameters: [...new URLSearchParams(pairs)] };
}

const serverOptions = ["tenant-header", "header.NAME"];
const jaegerOptions = ["prefix", "index", "dot-replacement", "api-key", "ca-file"];

function backendOptions(kind: string): string[] {
  return optionNames.filter((name) => name.startsWith(`${kind}.`)).map((name) => name.slice(kind.length + 1));
}

function unknownOption(flag: string, kind: string, name: string, known: readonly string[]): UsageError {
  return wrong(flag, `${kind}: has no option ${JSON.stringify(name)}; its options are ${known.join(", ")}`);
}

function wrongHeader(flag: string, option: string, given: string): UsageError {
  return wrong(
    flag,
    `${option} must name a header of letters, digits, dots, dashes and underscores that does not end in -bin, not ${JSON.stringify(given)}`,
  );
}

function wrong(flag: string, problem: string): UsageError {
  return new UsageError([`--${flag} ${problem}`]);
}
