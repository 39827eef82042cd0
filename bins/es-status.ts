#!/usr/bin/env node
// es-status: what is on each host: virtualenvs, versions, processes, load, and what was changed last.

import { UsageError } from "../lib/base/failure.js";
import { run } from "../lib/cli.js";
import { hostOptions, liveOption, wholeNumber } from "../lib/flags.js";
import { parseHistory } from "../lib/history.js";
import { systemOf, venvsOf } from "../lib/host-status.js";
import { onHosts } from "../lib/host-step.js";
import { prefixFor, refuseLive } from "../lib/host-venv.js";
import { notesOn, renderHistory, renderStatus } from "../lib/status/table.js";
import { eachRecord } from "../lib/step.js";
import { describeProcesses } from "../lib/supervisor/processes.js";
import { runScript } from "../lib/transport/run-script.js";
import { checkVenvName } from "../lib/venv/name.js";

const command = {
  name: "es-status",
  summary: "show what is on each host: virtualenvs, processes, load, history",
  usage: ["[VENV]", "VENV --end-strays", "[VENV] --history [-n N]"],
  operands: [0, 1],
  options: {
    history: { help: "show the last changes instead" },
    lines: { short: "n", value: "N", help: "so many of the last changes (20, and 3 without --history)" },
    "end-strays": { help: "end processes of VENV that its supervisord does not know" },
    project: { value: "NAME", help: "whose version is looked for in the virtualenvs" },
    ...liveOption,
    ...hostOptions,
  },
} as const;

run(command, async ({ args: [only], flags, context }) => {
  if (only !== undefined) checkVenvName(only);
  const ends = flags["end-strays"];
  if (ends && only === undefined) throw new UsageError("--end-strays needs the name of a virtualenv");
  const last = wholeNumber("--lines", flags.lines ?? (flags.history ? "20" : "3"), 1, 1000);
  return onHosts(context, flags, ({ settings, transport }) =>
    eachRecord(context, {
      reads: ["host", "user", "port", "transport", "become", "prefix", "project", "live"],
      render: flags.history ? renderHistory : renderStatus,
      work: async (record, task) => {
        if (ends && only !== undefined) refuseLive(only, record, flags.live);
        const project = settings.find("project", { flag: flags.project, record: record.project });
        const prefix = prefixFor(settings, undefined, record);
        const results = await runScript(
          transport,
          record,
          {
            parts: ["state", "processes", "supervisord-rpc", "status-look", "status"],
            args: [prefix, only ?? "-", project ?? "-", String(last), ends ? "1" : "0"],
            code: "status-failed",
          },
          task,
        );
        const venvs = venvsOf(results);
        const [one] = venvs;
        const system = systemOf(results);
        const changes = results.all("change");
        const says = venvs.map((venv) =>
          [`${venv.name}: ${describeProcesses(venv.processes)}`, ...notesOn(venv)].join(", "),
        );
        return {
          fields: {
            venvs,
            ...(system && { system }),
            history: await parseHistory(results.all("history-line")),
            ...(only !== undefined &&
              one && { venv: { name: one.name, path: one.path }, processes: one.processes }),
          },
          changed: changes.length > 0,
          said: [...changes, ...says].join("; ") || `no virtualenv in ${results.get("prefix")}`,
          ...(!ends && { trace: false }),
        };
      },
    }),
  );
});
