#!/usr/bin/env node
import { run as serve } from "@spanstore/grpc-server/program";
import { runCommand } from "./calling/run-command.js";
import { commandLines } from "./commands/list.js";

const args = process.argv.slice(2);
const [first = ""] = args;
const isServer = first === "serve" || first === "" || first.startsWith("-");

process.exit(
  isServer
    ? await serve(args, process.env, { program: "spanstore", commands: commandLines() })
    : await runCommand(args, process.env),
);
