#!/usr/bin/env node
// What `npm run audit` does: asks the registry for known vulnerabilities of whatever is installed with a package.

import { runPnpmQuietly } from "./run.mjs";

/** Registries that only hand out packages answer so. */
const takesNoAudits = /ERR_PNPM_AUDIT_(BAD_RESPONSE|ENDPOINT_NOT_EXISTS)/;

const { code, output } = await runPnpmQuietly(["audit", "--prod"]);
if (code !== 0 && takesNoAudits.test(output)) {
  console.log(
    "NOT AUDITED: this registry answers no questions about vulnerabilities. Run `npm run audit` with one that does.",
  );
} else {
  process.stdout.write(output);
  process.exitCode = code;
}
