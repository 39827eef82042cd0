// A step whose work is told by the record's field `vars`: {ms, fail, forever, stubborn, throw, loud}. It notes
// in a file what it begins and ends.

import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../../../lib/base/failure.js";
import type { RecordWith } from "../../../lib/base/schema.js";
import { run } from "../../../lib/cli.js";
import { eachRecord, type Task, wholeBatch } from "../../../lib/step.js";
import type { Done } from "../../../lib/step-run.js";

const command = {
  name: "es-work",
  summary: "work as the records say",
  usage: [""],
  operands: [0, 1],
  timeout: 20_000,
  options: {
    log: { value: "FILE", help: "note what is begun and ended" },
    whole: { help: "the whole batch together" },
  },
} as const;

run(command, async ({ flags, context }) => {
  const note = (line: string) => {
    if (flags.log !== undefined) appendFileSync(flags.log, `${line}\n`);
  };
  type Row = RecordWith<"host" | "venv" | "vars">;
  const work = async ({ host, vars = {} }: Row, task: Task): Promise<Done> => {
    note(`${task.plan ? "plan" : "begin"} ${host}`);
    task.show?.(`${vars.loud}\n`);
    if (vars.throw !== undefined) throw new TypeError(String(vars.throw));
    if (vars.forever)
      await pause(60_000, undefined, { signal: task.signal }).catch(() => note(`cut ${host}`));
    task.signal.throwIfAborted();
    await pause(Number(vars.ms ?? 0));
    note(`end ${host}`);
    if (vars.fail !== undefined)
      throw new Failure(String(vars.fail), `${host} failed`, { exit: 3, stderr: "why" });
    return {
      fields: { live: "a", python: undefined },
      changed: vars.same !== true,
      said: `worked on ${host}`,
    };
  };
  const reads = ["host", "venv", "vars"] as const;
  if (!flags.whole) return eachRecord(context, { reads, work });
  return wholeBatch(context, {
    reads,
    work: async (records, taskOf) =>
      Promise.all(
        records.map((record) =>
          work(record, taskOf(record)).catch((error) =>
            error instanceof Failure ? error : new Failure("internal", String(error)),
          ),
        ),
      ),
  });
});
