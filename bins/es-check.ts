#!/usr/bin/env node
// es-check: looks whether every process of each host answers.

import { normaliseName } from "../lib/base/distribution.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import { didYouMean } from "../lib/base/nearest.js";
import { showCommand } from "../lib/base/quote.js";
import type { Process, RecordWith } from "../lib/base/schema.js";
import { type Ask, asksOf } from "../lib/check/asks.js";
import { addressFor, describeWrong, isAnyAddress } from "../lib/check/result.js";
import { headerOf, wayOf } from "../lib/check/way.js";
import { run } from "../lib/cli.js";
import type { Settings } from "../lib/config/settings.js";
import { hostOptions, seconds, wholeNumber } from "../lib/flags.js";
import { askProcesses, type Wanted } from "../lib/host-check.js";
import { deployVariables } from "../lib/host-run.js";
import { onHosts, sshOptions } from "../lib/host-step.js";
import { wouldHaveChanged } from "../lib/host-venv.js";
import { eachRecord } from "../lib/step.js";
import { SshQuery } from "../lib/transport/ssh-query.js";

const command = {
  name: "es-check",
  summary: "wait until every process of each host answers",
  usage: [
    "[--http PATH] [--host NAME] [--status N] [--expect TEXT] [--expect-header HEADER] [--expect-version]",
    "--tcp",
    "-- COMMAND [ARG...]",
  ],
  operands: [0, 0],
  command: true,
  timeout: 60_000,
  options: {
    http: { value: "PATH", help: "ask for this page (/)" },
    tcp: { help: "only connect" },
    from: { value: "here|host", help: "ask from this machine, or from the host itself (host)" },
    host: { value: "NAME", help: "the Host header" },
    status: { value: "N", help: "the status that is well (200)" },
    expect: { value: "TEXT", help: "the page must contain this" },
    "expect-header": {
      value: "HEADER",
      help: 'the answer must have this header, as "NAME" or "NAME: VALUE"',
    },
    "expect-version": { help: "the page must contain the version that is installed" },
    ...hostOptions,
  },
} as const;

/** Milliseconds that reaching the host and starting may take in addition to the deadline. */
const onTop = 20_000;

/** The version that pages must show: the installed one, otherwise that of the record. Throws Failure. */
function versionOf(settings: Settings, record: RecordWith<"project" | "version" | "installed">): string {
  const project = normaliseName(settings.find("project", { record: record.project }) ?? "");
  const found = Object.entries(record.installed ?? {}).find(([name]) => normaliseName(name) === project)?.[1];
  const version = found ?? record.version;
  if (version === undefined)
    throw new Failure(
      "not-configured",
      "--expect-version: the record has no field version, and installed has no version of the project",
    );
  if (record.version !== undefined && record.version !== version)
    throw new Failure(
      "check-failed",
      `the record's version is ${record.version}, and ${version} is installed`,
    );
  return version;
}

/** For people: what answered, and what was not asked. */
function describe(asks: readonly Ask[], processes: readonly Process[]): string {
  const ports = asks.flatMap(({ port }) => port ?? []);
  const without = asks.filter(({ pid }) => pid !== undefined).length;
  const stopped = processes.filter(({ state }) => state === "STOPPED");
  return [
    ...(ports.length > 0 ? [`ports ${ports.join(" ")} answer`] : []),
    ...(without > 0 ? [`${without} without a port stay${without === 1 ? "s" : ""} RUNNING`] : []),
    ...(asks.some(({ name }) => name === undefined) ? ["the command says that all is well"] : []),
    ...stopped.map(({ name }) => `${name} is STOPPED and was not asked`),
  ].join(", ");
}

run(command, async ({ flags, rest, context }) => {
  if (rest?.length === 0) throw new UsageError("after -- comes a command");
  const about = ["host", "status", "expect", "expect-header", "expect-version"] as const;
  const pointless = about.find((name) => flags[name]);
  if (pointless && (flags.tcp || rest))
    throw new UsageError(
      `--${pointless} is about pages: it does not go with ${rest ? "a command" : "--tcp"}`,
    );
  return onHosts(context, flags, ({ settings, transport }) => {
    const { check } = settings.config.values;
    const way = wayOf({ http: flags.http, tcp: flags.tcp, command: rest }, check ?? {});
    const from = settings.find("checkFrom", { flag: flags.from }) ?? "host";
    if (from !== "host" && from !== "here")
      throw new UsageError(`--from takes here or host, not ${from}${didYouMean(from, ["here", "host"])}`);
    const ofPages = <T>(value: T): T | undefined => (way.kind === "http" ? value : undefined);
    const status = wholeNumber(
      "--status",
      settings.find("checkStatus", { flag: flags.status }) ?? "200",
      100,
      599,
    );
    const header = ofPages(settings.find("checkHeader", { flag: flags["expect-header"] }));
    const showsVersion = ofPages(flags["expect-version"] || check?.expect_version);
    const limit = settings.find("checkTimeout", { flag: flags.timeout });
    const deadline = limit === undefined ? context.timeout : seconds("--timeout", limit);
    const wanted: Wanted = {
      ...{ way, deadline, status, header: header === undefined ? null : headerOf(header) },
      host: ofPages(settings.find("checkHost", { flag: flags.host })) ?? "",
      expect: ofPages(settings.find("checkExpect", { flag: flags.expect })) ?? "",
    };
    const limits = { ...context, timeout: deadline + onTop };
    const query = new SshQuery(sshOptions(flags, settings).config);

    /** Where the processes of a host are asked. */
    const addressOf = async (record: RecordWith<"host" | "user" | "port" | "transport" | "bind">) => {
      if (from === "host" || record.transport === "local" || !isAnyAddress(record.bind))
        return addressFor(record.bind);
      return (await query.valuesFor(record))?.get("hostname")?.[0] ?? record.host ?? "";
    };

    return eachRecord(limits, {
      reads: [
        ...(["host", "user", "port", "transport", "venv", "bind", "version", "processes"] as const),
        ...(["project", "profile", "commit", "installed", "plan", "trace"] as const),
      ],
      work: async (record, task) => {
        const looked = { changed: false, trace: false } as const;
        if (wouldHaveChanged(record, ["es-supervisor"]))
          return { ...looked, said: "what es-supervisor would start is not there to be asked" };
        const { processes = [] } = record;
        const found = asksOf(processes);
        if (task.plan && way.kind === "command")
          return { ...looked, said: `${showCommand(way.words)} would be run` };
        const ports = found.filter(({ port }) => port !== undefined);
        const pids = found.filter(({ pid }) => pid !== undefined);
        const once = way.kind === "command" && ports.length === 0 ? [{}] : [];
        const place = {
          address: await addressOf(record),
          version: showsVersion ? versionOf(settings, record) : "",
          variables: Object.fromEntries(
            deployVariables(settings, record).map(({ name, value }) => [name, value]),
          ),
        };
        const ask = (asks: readonly Ask[], where: "host" | "here") =>
          askProcesses(transport, record, asks, where, wanted, place, task);
        const asks = [...ports, ...once];
        const outcomes =
          from === "host"
            ? await ask([...asks, ...pids], "host")
            : (await Promise.all([ask(asks, "here"), ask(pids, "host")])).flat();
        const [bad, ...others] = outcomes.filter(({ ok }) => !ok);
        const more = others.length > 0 ? ` (${others.length} more of ${outcomes.length} failed)` : "";
        if (bad) throw new Failure("check-failed", `${describeWrong(bad)}${more}`);
        return {
          ...looked,
          fields: { checks: outcomes.map(({ wrong: _, ...check }) => check) },
          said: describe([...asks, ...pids], processes),
        };
      },
    });
  });
});
