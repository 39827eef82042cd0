#!/usr/bin/env node
// es-supervisor: the supervisord of a virtualenv and its processes, on each host.

import { UsageError } from "../lib/base/failure.js";
import { Lines } from "../lib/base/lines.js";
import { didYouMean } from "../lib/base/nearest.js";
import type { RecordWith, Venv } from "../lib/base/schema.js";
import { run } from "../lib/cli.js";
import { hostOptions, liveOption, wholeNumber } from "../lib/flags.js";
import { confFor } from "../lib/host-conf.js";
import { onHosts } from "../lib/host-step.js";
import { refuseLive, venvFor, wouldHaveChanged } from "../lib/host-venv.js";
import { pipIndexes } from "../lib/index/pip.js";
import { eachRecord } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";
import { describeProcesses, parseProcesses } from "../lib/supervisor/processes.js";
import { readTemplate } from "../lib/supervisor/template.js";
import { runScript } from "../lib/transport/run-script.js";

const command = {
  name: "es-supervisor",
  summary: "run the processes of a virtualenv under supervisord, on each host",
  usage: ["up|reload|shutdown|status", "start|stop|restart NAME", "tail [-f | -n N] [NAME]"],
  operands: [1, 2],
  options: {
    venv: { value: "NAME", help: "this virtualenv instead of the record's" },
    template: { value: "FILE", help: "template of supervisord.conf" },
    project: { value: "NAME", help: "{{project}} of the template" },
    profile: { value: "NAME", help: "{{profile}} of the template" },
    processes: { value: "N", help: "{{process_count}} of the template (1)" },
    "port-prefix": { value: "DIGITS", help: "{{port}} of the template: what ports begin with" },
    index: { value: "URL|NAME", help: "where supervisor is installed from, if need be" },
    ...liveOption,
    follow: { short: "f", help: "tail: go on until a signal" },
    lines: { short: "n", value: "N", help: "tail: so many lines of each log (10)" },
    ...hostOptions,
  },
} as const;

/** What the verbs take and do. */
const verbs: Record<string, { name?: "needed" | "optional"; looks?: true; renders?: true }> = {
  up: { renders: true },
  reload: { renders: true },
  shutdown: {},
  start: { name: "needed" },
  stop: { name: "needed" },
  restart: { name: "needed" },
  status: { looks: true },
  tail: { name: "optional", looks: true },
};

await run(command, async ({ args: [verb = "", name], flags, context }) => {
  const does = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!does) throw new UsageError(`there is no verb ${verb}${didYouMean(verb, Object.keys(verbs))}`);
  if (does.name === "needed" && name === undefined)
    throw new UsageError(`${verb} needs the name of a process or a group`);
  if (!does.name && name !== undefined) throw new UsageError(`${verb} takes no name`);
  if (verb !== "tail" && (flags.follow || flags.lines)) throw new UsageError("-f and -n go with tail");
  if (flags.follow && flags.lines) throw new UsageError("-f and -n do not go together");
  const lines = flags.follow ? "-" : String(wholeNumber("--lines", flags.lines ?? "10", 1, 100_000));
  const limits = flags.follow && flags.timeout === undefined ? { ...context, timeout: 0 } : context;
  const patience = limits.timeout === 0 ? 31_536_000 : Math.max(1, Math.floor(limits.timeout / 1100));

  return onHosts(limits, flags, async ({ settings, transport }) => {
    const file = settings.find("template", { flag: flags.template });
    const lookUp = pipIndexes(context.warn);
    const template = does.renders ? await readTemplate(file) : undefined;

    /** What the script is told beside verb, virtualenv and name, and its payload. */
    const rest = async (venv: Venv, record: Parameters<typeof confFor>[4] & RecordWith<"index">) => {
      if (!template) return { args: verb === "tail" ? [lines] : [] };
      const { payload, credentials, ports } = await confFor(settings, template, venv, flags, record);
      const said = { flag: flags.index, record: record.index };
      const named = settings.find("index", said) !== undefined;
      const index = named ? await lookUp(settings.accessFromHosts(said)) : undefined;
      const { username, password } = credentials;
      const forPip = [index?.netrc ?? "-", index?.proxy ?? "-", ...(index?.flags ?? [])];
      return { args: [username, password, ports, ...forPip], payload };
    };

    return eachRecord(limits, {
      reads: [
        ...(["host", "user", "port", "transport", "become", "prefix", "venv", "live"] as const),
        ...(["project", "profile", "bind", "vars", "index", "plan", "trace"] as const),
      ],
      key: (record) => `${labelOf(record)} ${flags.venv ?? record.venv?.name}`,
      work: async (record, task) => {
        const venv = venvFor(settings, flags.venv, record);
        if (!does.looks) refuseLive(venv.name, record, flags.live);
        const { args, payload } = await rest(venv, record);
        const ahead = does.renders && wouldHaveChanged(record, ["es-venv", "es-pip"]) ? "changed" : "-";
        const log = new Lines((line) => context.show(labelOf(record), line));
        const results = await runScript(
          transport,
          record,
          {
            parts: ["state", "processes", "supervisord-rpc", "supervisor"],
            args: [verb, venv.path, name ?? ahead, String(patience), ...args],
            code: "supervisor-failed",
            ...(payload && { payload }),
          },
          verb === "tail" ? { ...task, show: (text) => log.push(text) } : task,
        );
        log.end();
        const processes = parseProcesses(results.all("process"));
        const changes = results.all("change");
        return {
          fields: {
            venv: { name: venv.name, path: results.get("path") ?? venv.path },
            ...(verb !== "tail" && { processes }),
          },
          changed: changes.length > 0,
          said: verb === "tail" ? "end of the logs" : [...changes, describeProcesses(processes)].join(", "),
          ...(does.looks && { trace: false }),
        };
      },
    });
  });
});
