#!/usr/bin/env node
// es-check: looks, from each host itself, whether every process of it answers.

import { Failure, UsageError } from "../lib/base/failure.js";
import type { Process } from "../lib/base/schema.js";
import { addressFor, parseOutcome } from "../lib/check/result.js";
import { run } from "../lib/cli.js";
import { hostOptions, wholeNumber } from "../lib/flags.js";
import { onHosts } from "../lib/host-step.js";
import { wouldHaveChanged } from "../lib/host-venv.js";
import { eachRecord } from "../lib/step.js";
import { runScript } from "../lib/transport/run-script.js";

const command = {
  name: "es-check",
  summary: "wait until every process of each host answers",
  usage: ["[--http PATH | --tcp] [--host NAME] [--status N] [--expect TEXT]"],
  operands: [0, 0],
  timeout: 60_000,
  options: {
    http: { value: "PATH", help: "ask for this page (/)" },
    tcp: { help: "only connect" },
    host: { value: "NAME", help: "the Host header" },
    status: { value: "N", help: "the status that is well (200)" },
    expect: { value: "TEXT", help: "the page must contain this" },
    "expect-version": { help: "the page must contain the record's version" },
    ...hostOptions,
  },
} as const;

/** Milliseconds that reaching the host and starting may take in addition to the deadline. */
const onTop = 20_000;

/** States of supervisord in which a process runs, or may soon. */
const hopeful = ["RUNNING", "STARTING", "BACKOFF"];

/**
 * The ports to ask. What has none must be RUNNING; what was stopped on purpose is left alone. Whatever listens
 * on the port of a process that does not run is another one.
 */
function portsOf(processes: readonly Process[]): number[] {
  const bad = processes.find(
    ({ state, port }) =>
      state !== "STOPPED" && state !== "RUNNING" && (port === null || !hopeful.includes(state)),
  );
  if (bad) throw new Failure("check-failed", `${bad.name} is ${bad.state}`);
  const awake = processes.filter(({ state }) => state !== "STOPPED");
  if (awake.length === 0)
    throw new Failure(
      "no-processes",
      processes.length === 0
        ? "the record has no processes: run es-supervisor up, or es-supervisor status, before"
        : "all processes are STOPPED: there is nothing to check",
    );
  return awake.flatMap(({ port }) => port ?? []);
}

await run(command, async ({ flags, context }) => {
  if (flags.tcp && (flags.http || flags.host || flags.status || flags.expect || flags["expect-version"]))
    throw new UsageError("--tcp only connects: --http, --host, --status and --expect do not go with it");
  const wanted = String(wholeNumber("--status", flags.status ?? "200", 100, 599));
  const limits = { ...context, timeout: context.timeout + onTop };
  return onHosts(limits, flags, ({ settings, transport }) => {
    const path = flags.tcp ? undefined : (settings.find("checkPath", { flag: flags.http }) ?? "/");
    if (path !== undefined && !/^\/[!-~]*$/.test(path))
      throw new UsageError(`the path ${JSON.stringify(path)} must begin with / and be written as in a URL`);
    const host = settings.find("checkHost", { flag: flags.host }) ?? "";
    const expected = settings.find("checkExpect", { flag: flags.expect }) ?? "";
    return eachRecord(limits, {
      reads: [
        ...(["host", "user", "port", "transport", "venv", "bind", "version", "processes"] as const),
        ...(["plan", "trace"] as const),
      ],
      work: async (record, task) => {
        if (wouldHaveChanged(record, ["es-supervisor"]))
          return {
            changed: false,
            said: "what es-supervisor would start is not there to be asked",
            trace: false,
          };
        const ports = portsOf(record.processes ?? []);
        const { version } = record;
        if (flags["expect-version"] && version === undefined)
          throw new Failure("not-configured", "--expect-version: the record has no field version");
        const address = addressFor(record.bind);
        const args = [
          record.venv?.path ?? "-",
          ...[flags.tcp ? "tcp" : "http", String(context.timeout / 1000), address, path ?? "", host, wanted],
          ...[expected, flags["expect-version"] ? (version ?? "") : "", ...ports.map(String)],
        ];
        const script = { parts: ["check"], args, code: "check-failed", looks: true } as const;
        const results = await runScript(transport, record, script, task);
        const outcomes = results.all("check").map((line) => parseOutcome(line, address, path));
        const [bad, ...others] = outcomes.filter(({ ok }) => !ok);
        const more = others.length > 0 ? ` (${others.length} more of ${ports.length} ports failed)` : "";
        if (bad)
          throw new Failure("check-failed", `port ${bad.port}: ${bad.url ?? "TCP"}: ${bad.wrong}${more}`);
        if (outcomes.length !== ports.length)
          throw new Failure("check-failed", `asked ${ports.length} ports, heard of ${outcomes.length}`);
        const stopped = (record.processes ?? []).filter(({ state }) => state === "STOPPED");
        return {
          fields: { checks: outcomes.map(({ wrong: _, ...check }) => check) },
          changed: false,
          said: [
            ports.length === 0 ? "all RUNNING, no port to ask" : `ports ${ports.join(" ")} answer`,
            ...stopped.map(({ name }) => `${name} is STOPPED and was not asked`),
          ].join(", "),
          trace: false,
        };
      },
    });
  });
});
