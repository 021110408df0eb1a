import type { Finding } from "@spanstore/core/engine";
import type { HttpCaller, ServerFacts } from "@spanstore/http";
import type { ServerOptions } from "../server-options.js";
import { keepMsOf } from "../upkeep/retention.js";

/** How long one diagnosis is cached for all callers, since it checks the whole backend. */
const diagnosisMs = 60_000;

/** Facts about the server for a caller. A tenant gets none about the backend, which all tenants share. */
export function createAbout({
  version,
  retention,
  diagnose,
}: Pick<ServerOptions, "version" | "retention" | "diagnose">): (caller: HttpCaller) => Promise<ServerFacts> {
  let diagnosis: { readonly until: number; readonly findings: Promise<readonly Finding[]> } | undefined;
  const findings = (): Promise<readonly Finding[]> | undefined => {
    if (diagnose === undefined) return undefined;
    if (diagnosis === undefined || diagnosis.until < performance.now()) {
      diagnosis = { until: performance.now() + diagnosisMs, findings: diagnose().catch(() => []) };
    }
    return diagnosis.findings;
  };
  return async ({ tenant }) => {
    const found = tenant === undefined ? await findings() : undefined;
    return {
      ...(version === undefined ? {} : { version }),
      ...(retention === undefined ? {} : { retentionMs: keepMsOf(retention, tenant) ?? null }),
      ...(found === undefined ? {} : { findings: found }),
    };
  };
}
