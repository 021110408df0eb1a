#!/usr/bin/env node
// `npm run audit` asks the registry for known vulnerabilities of everything that is installed with a package.

import { onNewEnoughNode } from "./node/rerun.mjs";
import { runPnpmQuietly } from "./run.mjs";

/** Registries that only hand out packages answer so. */
const takesNoAudits = /ERR_PNPM_AUDIT_(BAD_RESPONSE|ENDPOINT_NOT_EXISTS)/;

process.exitCode = await onNewEnoughNode(async () => {
  const { code, output } = await runPnpmQuietly(["audit", "--prod"]);
  if (code === 0 || !takesNoAudits.test(output)) {
    process.stdout.write(output);
    return code;
  }
  console.log(
    "NOT AUDITED: this registry answers no questions about vulnerabilities. Run `npm run audit` with one that does.",
  );
  return 0;
});
