import { counted } from "@spanstore/core/text";
import {
  type ManticoreMaintenance,
  openManticoreMaintenance,
  UsageError,
} from "@spanstore/grpc-server/program";
import { defineCommand, onOff } from "../calling/command.js";

/** Each action returns the problems that it found, in words. */
const actions: Readonly<Record<string, (maintenance: ManticoreMaintenance) => Promise<readonly string[]>>> = {
  repair: (maintenance) => maintenance.repair(),
  optimize: async (maintenance) => {
    await maintenance.optimize();
    return [];
  },
  flush: async (maintenance) => {
    await maintenance.flush();
    return [];
  },
};

export const maintain = defineCommand({
  name: "maintain",
  text: [
    "Works on the tables of Manticore Search while servers use them. optimize merges the disk chunks of each table, which frees the room of deleted spans and speeds up searches. flush saves what tables hold in memory, so that searchd has less to replay at its next start. repair restores from the spans what doctor reports as lost after searchd was killed: lists of services and operations, index terms, the table that joins all days.",
    "The other backends need no maintenance by hand.",
  ],
  arguments: [{ name: "optimize|flush|repair" }],
  flags: {
    archive: {
      placeholder: "",
      help: "The archive in place of the store.",
      schema: onOff,
    },
  },
  examples: ["spanstore maintain flush --backend=manticore \\\n    --manticore.url=mysql://127.0.0.1:9306"],
  run: async ({ config, flags, arguments: [name = ""], complain }) => {
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    const problems: string[] = [];
    if (action === undefined) {
      problems.push(`the argument must be optimize, flush or repair, not ${JSON.stringify(name)}`);
    }
    if (config.backend !== "manticore") {
      problems.push(`--backend is ${config.backend}, where nothing is to be done by hand; name manticore`);
    }
    if (action === undefined || problems.length > 0) throw new UsageError(problems);
    const maintenance = await openManticoreMaintenance(config, flags.archive ? "archive" : "main");
    try {
      const tables = await maintenance.tables();
      const startedAt = Date.now();
      for (const text of await action(maintenance)) complain(text);
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
      complain(`${name}: ${counted(tables.length, "table")} in ${seconds} s`);
      return 0;
    } finally {
      await maintenance.close();
    }
  },
});
