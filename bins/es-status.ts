#!/usr/bin/env node
// es-status: what is on each host: virtualenvs, versions, processes, load, what was changed last, and what was said of
// versions.

import { accountAndHost } from "../lib/base/account.js";
import { Failure, UsageError } from "../lib/base/failure.js";
import { timestamp } from "../lib/base/timestamp.js";
import { type Context, run } from "../lib/cli.js";
import { type Flags, hostOptions, liveOption, wholeNumber } from "../lib/flags.js";
import { parseHistory } from "../lib/history.js";
import { lackingIn, lookAtHost, systemOf, venvsOf } from "../lib/host-status.js";
import { type Hosts, onHosts } from "../lib/host-step.js";
import { prefixFor, refuseLive } from "../lib/host-venv.js";
import { addVerdict, refuseBad, typedVersion, whyBad } from "../lib/host-verdicts.js";
import { refuseSame, refuseUnready } from "../lib/status/ready.js";
import { notesOn, renderHistory, renderStatus } from "../lib/status/table.js";
import { shortReason } from "../lib/status/verdicts.js";
import { eachRecord } from "../lib/step.js";
import { describeProcesses } from "../lib/supervisor/processes.js";
import { checkVenvName } from "../lib/venv/name.js";

const command = {
  name: "es-status",
  summary: "show what is on each host: virtualenvs, processes, load, history",
  usage: [
    "[VENV]",
    "VENV --end-strays",
    "[VENV] --history [-n N]",
    "VENV [--ready] [--other-than VENV]",
    "--mark-bad|--mark-good VERSION [--why TEXT]",
    "--not-bad VERSION",
  ],
  operands: [0, 1],
  options: {
    history: { help: "show the last changes instead" },
    lines: { short: "n", value: "N", help: "so many of the last changes (20, and 3 without --history)" },
    "end-strays": { help: "end processes of VENV that its supervisord does not know" },
    ready: { help: "fail unless VENV could be served: sound, all its processes RUNNING, not bad" },
    "other-than": { value: "VENV", help: "fail where this virtualenv has the same version" },
    "mark-bad": { value: "VERSION", help: "note that this version is not to be released again" },
    "mark-good": { value: "VERSION", help: "note that this version is well again" },
    why: { value: "TEXT", help: "the reason of a mark" },
    "not-bad": { value: "VERSION", help: "fail where this version is marked bad" },
    project: { value: "NAME", help: "whose version is looked for in the virtualenvs" },
    ...liveOption,
    ...hostOptions,
  },
} as const;

type Given = Flags<typeof command.options>;

/** Sees that the flags go together, and with VENV. */
function check(only: string | undefined, flags: Given): void {
  if (only !== undefined) checkVenvName(only);
  const ofVenv = (["end-strays", "ready", "other-than"] as const).filter((name) => flags[name]);
  const ofVersion = (["mark-bad", "mark-good", "not-bad"] as const).filter((name) => flags[name]);
  const forms = [...ofVenv, ...ofVersion, ...(flags.history ? ["history"] : [])];
  if (forms.length > 1 && forms.join() !== "ready,other-than")
    throw new UsageError(`--${forms[0]} and --${forms[1]} do not go together`);
  if (ofVenv.length > 0 && only === undefined)
    throw new UsageError(`--${ofVenv[0]} needs the name of a virtualenv`);
  if (ofVersion.length > 0 && only !== undefined)
    throw new UsageError(`--${ofVersion[0]} is about a version, wherever it is: it takes no virtualenv`);
  if (flags["other-than"] !== undefined && checkVenvName(flags["other-than"]) === only)
    throw new UsageError(`--other-than ${only} is the same virtualenv`);
  if (flags.why !== undefined && !flags["mark-bad"] && !flags["mark-good"])
    throw new UsageError("--why is the reason of --mark-bad or --mark-good");
}

/** Looks at each host, and judges what is there. */
function look(only: string | undefined, flags: Given, context: Context, { settings, transport }: Hosts) {
  const last = wholeNumber("--lines", flags.lines ?? (flags.history ? "20" : "3"), 1, 1000);
  const ends = flags["end-strays"];
  const other = flags["other-than"];
  const judges = flags.ready || other !== undefined;
  const aim = ends ? "end-strays" : flags.ready ? "ready" : judges ? "compare" : "look";
  return eachRecord(context, {
    reads: ["host", "user", "port", "transport", "become", "prefix", "project", "live", "venv", "installed"],
    render: flags.history ? renderHistory : renderStatus,
    work: async (record, task) => {
      if (ends && only !== undefined) refuseLive(only, record, flags.live);
      const said = { flag: flags.project, record: record.project };
      const project = judges ? settings.need("project", said) : settings.find("project", said);
      const prefix = prefixFor(settings, undefined, record);
      const looking = { prefix, only, other, project, last, aim } as const;
      const results = await lookAtHost(transport, record, looking, task);
      const all = await Promise.all(
        venvsOf(results).map(async (venv) => {
          const bad = await whyBad(results.all("verdict"), project, venv.version);
          return { ...venv, ...(bad !== undefined && { bad }) };
        }),
      );
      const venvs = all.filter(({ name }) => name !== other);
      const one = only === undefined ? undefined : venvs[0];
      const ofOne = one && {
        venv: { name: one.name, path: one.path },
        processes: one.processes,
        ...(project !== undefined &&
          one.version !== null && {
            installed: { ...(record.venv?.name === one.name && record.installed), [project]: one.version },
          }),
      };
      const says = venvs.map((venv) =>
        [`${venv.name}: ${describeProcesses(venv.processes)}`, ...notesOn(venv)].join(", "),
      );
      if (judges) {
        if (!ofOne || !one || project === undefined) throw new Failure("no-venv", `${only} is no virtualenv`);
        if (flags.ready) refuseUnready(one, lackingIn(results, one.name));
        if (other !== undefined)
          refuseSame(
            project,
            one,
            all.find(({ name }) => name === other),
          );
        const version = `${project} ${one.version ?? "is not there"}`;
        return { fields: ofOne, changed: false, said: `${says.join()}, ${version}`, trace: false };
      }
      const system = systemOf(results);
      const changes = results.all("change");
      return {
        fields: {
          venvs,
          ...(system && { system }),
          history: await parseHistory(results.all("history-line")),
          ...ofOne,
        },
        changed: changes.length > 0,
        said: [...changes, ...says].join("; ") || `no virtualenv in ${results.get("prefix")}`,
        ...(!ends && { trace: false }),
      };
    },
  });
}

/** Marks a version on each host, or sees that it is not marked bad. */
async function judgeVersion(
  text: string,
  flags: Given,
  context: Context,
  { settings, transport }: Hosts,
): Promise<number> {
  const version = await typedVersion(text);
  const verdict = flags["mark-bad"] ? "bad" : "good";
  const why = flags.why === undefined ? undefined : shortReason(flags.why);
  return eachRecord(context, {
    reads: ["host", "user", "port", "transport", "become", "prefix", "project"],
    work: async (record, task) => {
      const project = settings.need("project", { flag: flags.project, record: record.project });
      const prefix = prefixFor(settings, undefined, record);
      const name = `${project} ${version}`;
      if (flags["not-bad"] !== undefined) {
        await refuseBad(transport, record, prefix, [project, version], task);
        return { changed: false, said: `${name} is not marked bad`, trace: false };
      }
      const at = timestamp();
      const said = { project, version, verdict, ...(why && { why }), at, by: accountAndHost() } as const;
      const changed = await addVerdict(transport, record, prefix, said, task);
      return {
        changed,
        said: `${name} ${changed ? "marked" : "is marked"} ${verdict}${changed ? "" : " already"}`,
      };
    },
  });
}

run(command, async ({ args: [only], flags, context }) => {
  check(only, flags);
  const version = flags["mark-bad"] ?? flags["mark-good"] ?? flags["not-bad"];
  return onHosts(context, flags, (hosts) =>
    version === undefined ? look(only, flags, context, hosts) : judgeVersion(version, flags, context, hosts),
  );
});
