#!/usr/bin/env node
// es-report: drains a stream of records into a table for people.

import { run } from "../lib/cli.js";
import { drain } from "../lib/step.js";

const command = {
  name: "es-report",
  summary: "drain a stream of records into a table",
  usage: ["< RECORDS"],
  operands: [0, 0],
  options: {},
} as const;

await run(command, ({ context }) => drain(context));
