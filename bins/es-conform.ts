#!/usr/bin/env node
// es-conform: tries whether a program of one's own behaves as a step has to.

import { readFile } from "node:fs/promises";
import { UsageError } from "../lib/base/failure.js";
import { isObject } from "../lib/base/json.js";
import { print } from "../lib/base/print.js";
import { printable, printableLines } from "../lib/base/printable.js";
import { run } from "../lib/cli.js";
import { casesWith } from "../lib/conform/cases.js";
import { tryCase } from "../lib/conform/trial.js";

const command = {
  name: "es-conform",
  summary: "try whether a program of one's own behaves as a step has to",
  usage: ["[--record FILE] [--timeout S] -- COMMAND [ARG...]"],
  operands: [0, 0],
  command: true,
  timeout: 10_000,
  options: {
    record: { value: "FILE", help: "the JSON object in FILE has the fields of the records that it is given" },
  },
} as const;

/** The fields of the records that the step is given. */
async function readSample(file: string | undefined): Promise<Record<string, unknown>> {
  if (file === undefined) return {};
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new UsageError(`cannot read ${file}: ${error.message}`);
  });
  try {
    const sample: unknown = JSON.parse(text);
    if (isObject(sample)) return sample;
  } catch {
    // what it is not is said below
  }
  throw new UsageError(`${file} is not one JSON object`);
}

run(command, async ({ flags, rest, context }) => {
  if (rest === undefined || rest.length === 0) throw new UsageError("say what to try: -- COMMAND [ARG...]");
  const { signal } = context.interrupt;
  let wrong = 0;
  const cases = casesWith(await readSample(flags.record));
  for (const one of cases) {
    const trial = await tryCase(rest, one, context.timeout, signal);
    signal.throwIfAborted();
    if (context.verbose) process.stderr.write(printableLines(trial.stderr));
    const problems = one.judge(trial);
    if (problems.length > 0) wrong++;
    const lines = context.json
      ? [JSON.stringify({ case: one.name, ok: problems.length === 0, problems })]
      : [
          `${problems.length === 0 ? "ok   " : "wrong"}  ${one.name}`,
          ...problems.map((text) => `       ${printable(text)}`),
        ];
    await print(`${lines.join("\n")}\n`);
  }
  context.say(`es-conform: ${cases.length} cases, ${wrong} wrong`);
  return wrong === 0 ? 0 : 1;
});
