import { plain, table } from "@spanstore/core/text";
import { z } from "zod";
import { defineCommand, onOff } from "../calling/command.js";
import { storeFlags, withStore } from "../calling/store.js";

export const services = defineCommand({
  name: "services",
  text: [
    "Lists all services that have spans, or all operations of one service with the kinds of their spans.",
  ],
  arguments: [{ name: "SERVICE", optional: true }],
  flags: {
    kind: {
      placeholder: "KIND",
      help: "Only operations of this kind: internal, server, client, producer or consumer.",
      schema: z
        .enum(["internal", "server", "client", "producer", "consumer"], {
          error: "must be internal, server, client, producer or consumer",
        })
        .optional(),
    },
    json: {
      placeholder: "",
      help: "Print each as a line of JSON: the service's name, or an object of name and spanKind.",
      schema: onOff,
    },
    ...storeFlags,
  },
  examples: ["spanstore services", "spanstore services checkout --kind=server"],
  run: async (call) => {
    const { flags, output, signal } = call;
    const [service] = call.arguments;
    return withStore(call, {}, async (store) => {
      if (service === undefined) {
        for (const name of await store.getServices({ signal })) {
          await output.line(flags.json ? JSON.stringify(name) : plain(name));
        }
        return 0;
      }
      const query = { service, ...(flags.kind === undefined ? {} : { spanKind: flags.kind }) };
      const operations = await store.getOperations(query, { signal });
      if (flags.json) {
        for (const operation of operations) await output.line(JSON.stringify(operation));
      } else if (operations.length > 0) {
        const rows = operations.map(({ name, spanKind }) => [spanKind || "-", plain(name)]);
        for (const line of table([{ title: "KIND" }, { title: "OPERATION" }], rows)) await output.line(line);
      }
      return 0;
    });
  },
});
