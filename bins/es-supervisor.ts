#!/usr/bin/env node
// es-supervisor: the supervisord of a virtualenv and its processes, on each host.

import { Failure, UsageError } from "../lib/base/failure.js";
import { Lines } from "../lib/base/lines.js";
import type { RecordWith, Venv } from "../lib/base/schema.js";
import { run } from "../lib/cli.js";
import { hostOptions, liveOption, wholeNumber } from "../lib/flags.js";
import { confFor } from "../lib/host-conf.js";
import { onHosts, secondsForScript } from "../lib/host-step.js";
import { refuseLive, venvFor, wouldHaveChanged } from "../lib/host-venv.js";
import { pipIndexes } from "../lib/index/pip.js";
import { eachRecord } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";
import { describeProcesses, parseProcesses } from "../lib/supervisor/processes.js";
import { readTemplate } from "../lib/supervisor/template.js";
import { runScript } from "../lib/transport/run-script.js";
import { checkVerb, type Verb, verbNamed } from "../lib/verbs.js";

const command = {
  name: "es-supervisor",
  summary: "run the processes of a virtualenv under supervisord, on each host",
  usage: [
    "up|reload [--rolling] [FLAG...] [VENV]",
    "shutdown|status|activate|deactivate|enable|disable [VENV]",
    "start|stop PROCESS [VENV]",
    "restart [--rolling] PROCESS [VENV]",
    "tail [-f | -n N] [PROCESS [VENV]]",
  ],
  operands: [1, 3],
  options: {
    venv: { value: "NAME", help: "this virtualenv instead of the record's; the same as VENV" },
    rolling: { help: "restart processes one by one, and stop at the first that does not come up" },
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

const reaching = ["venv", ...Object.keys(hostOptions)];
const changing = [...reaching, ...Object.keys(liveOption)];
const rendering = [
  ...changing,
  "rolling",
  "template",
  "project",
  "profile",
  "processes",
  "port-prefix",
  "index",
];

/** What the verbs take and do; `names` is how many operands name processes, before the one that names the virtualenv. */
const verbs: Readonly<Record<string, Verb & { names: 0 | 1; looks?: true; renders?: true }>> = {
  up: { names: 0, operands: [0, 1], flags: rendering, renders: true },
  reload: { names: 0, operands: [0, 1], flags: rendering, renders: true },
  shutdown: { names: 0, operands: [0, 1], flags: changing },
  start: { names: 1, operands: [1, 2], flags: changing },
  stop: { names: 1, operands: [1, 2], flags: changing },
  restart: { names: 1, operands: [1, 2], flags: [...changing, "rolling"] },
  activate: { names: 0, operands: [0, 1], flags: [...reaching, "wait"] },
  deactivate: { names: 0, operands: [0, 1], flags: changing },
  enable: { names: 0, operands: [0, 1], flags: [...reaching, "wait"] },
  disable: { names: 0, operands: [0, 1], flags: [...reaching, "wait"] },
  status: { names: 0, operands: [0, 1], flags: reaching, looks: true },
  tail: { names: 1, operands: [0, 2], flags: [...reaching, "follow", "lines"], looks: true },
};

/** Throws Failure "not-live" when the record says that nginx serves another virtualenv. */
function refuseIdle(name: string, { live }: RecordWith<"live">): void {
  if (live === undefined || live === name) return;
  throw new Failure("not-live", `nginx serves ${live}, not ${name}: es-nginx-switch comes before activate`);
}

run(command, async ({ args: [verb = "", ...args], flags, rest: words, context }) => {
  const does = verbNamed(verbs, verb);
  checkVerb(verb, does, { args, flags, rest: words }, Object.keys(command.options));
  const name = does.names === 1 ? args[0] : undefined;
  const operand = args[does.names];
  if (operand !== undefined && (flags.venv ?? operand) !== operand)
    throw new UsageError(`${operand} and --venv ${flags.venv} are two virtualenvs: name one`);
  const venvName = flags.venv ?? operand;
  if (flags.follow && flags.lines) throw new UsageError("-f and -n do not go together");
  const lines = flags.follow ? "-" : String(wholeNumber("--lines", flags.lines ?? "10", 1, 100_000));
  // Where nobody reads the lines any more, there is nothing to follow them for.
  if (flags.follow) process.stderr.once("error", () => process.kill(process.pid, "SIGTERM"));
  const limits = flags.follow && flags.timeout === undefined ? { ...context, timeout: 0 } : context;
  const patience = secondsForScript(limits.timeout);

  return onHosts(limits, flags, async ({ settings, transport }) => {
    const file = settings.find("template", { flag: flags.template });
    const lookUp = pipIndexes(context.warn);
    const template = does.renders ? readTemplate(file) : undefined;

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
      key: (record) => `${labelOf(record)} ${venvName ?? record.venv?.name}`,
      work: async (record, task) => {
        const venv = venvFor(settings, venvName, record);
        if (verb === "activate") refuseIdle(venv.name, record);
        else if (does.flags.includes("live")) refuseLive(venv.name, record, flags.live);
        const { args: more, payload } = await rest(venv, record);
        const ahead =
          does.renders && wouldHaveChanged(record, ["es-venv", "es-pip", "es-conf"]) ? "changed" : "-";
        const log = new Lines((line) => context.show(labelOf(record), line));
        const results = await runScript(
          transport,
          record,
          {
            parts: ["state", "processes", "supervisord-rpc", "boot", "supervisor"],
            args: [
              verb,
              venv.path,
              name ?? "-",
              ahead,
              flags.rolling ? "rolling" : "-",
              String(patience),
              ...more,
            ],
            locks: does.looks ? undefined : venv.path,
            code: "supervisor-failed",
            ...(payload && { payload }),
          },
          verb === "tail" ? { ...task, show: (text) => log.push(text) } : task,
        );
        log.end();
        const processes = parseProcesses(results.all("process"));
        const changes = results.all("change");
        const path = results.get("path");
        const lives = processes.some((one) => one.name.startsWith("live:"));
        const none =
          path === undefined ? `there is no virtualenv ${venv.name}` : "nothing is in the group live";
        const aboutLive = verb === "activate" || verb === "deactivate";
        return {
          fields: {
            venv: { name: venv.name, path: path ?? venv.path },
            ...(verb !== "tail" && { processes }),
          },
          changed: changes.length > 0,
          said:
            verb === "tail"
              ? "end of the logs"
              : [...changes, ...(aboutLive && !lives ? [none] : []), describeProcesses(processes)].join(", "),
          ...(does.looks && { trace: false }),
        };
      },
    });
  });
});
