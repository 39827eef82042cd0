#!/usr/bin/env node
// es-nginx-switch: points nginx from one upstream to another, on all balancers or on none.

import { Failure, UsageError } from "../lib/base/failure.js";
import { Gate } from "../lib/base/gate.js";
import { run } from "../lib/cli.js";
import { hostOptions } from "../lib/flags.js";
import { onHosts } from "../lib/host-step.js";
import { type Balancer, switchAll } from "../lib/nginx/switch.js";
import { wholeBatch } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";
import { runScript } from "../lib/transport/run-script.js";

const command = {
  name: "es-nginx-switch",
  summary: "point nginx from one upstream to another, on all balancers or on none",
  usage: ["SRC DST"],
  operands: [2, 2],
  options: {
    bin: { value: "PROGRAM", help: "the program nginx (nginx)" },
    conf: { value: "FILE", help: "its main configuration (the one it was built with)" },
    "switch-conf": { value: "FILE", help: "the file that names the upstream (the main configuration)" },
    ...hostOptions,
  },
} as const;

function checkName(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) return name;
  throw new UsageError(`${name} is no name of an upstream: letters, digits, "_", "-" and "." make one`);
}

await run(command, async ({ args, flags, context }) => {
  const [from = "", to = ""] = args.map(checkName);
  if (from === to) throw new UsageError(`SRC and DST are both ${from}`);
  return onHosts(context, flags, ({ settings, transport }) => {
    const bin = settings.find("nginxBin", { flag: flags.bin }) ?? "nginx";
    const conf = settings.find("nginxConf", { flag: flags.conf }) ?? "-";
    const switchConf = settings.find("nginxSwitchConf", { flag: flags["switch-conf"] }) ?? "-";
    if (conf !== "-" && !/^~?\//.test(conf))
      throw new UsageError(`${conf}: name nginx's configuration by its whole path on the host`);
    const gate = new Gate(context.jobs);

    return wholeBatch(context, {
      reads: ["host", "user", "port", "transport", "become"],
      work: async (records, taskOf) => {
        const [first] = records;
        if (!first) return [];
        // A host that came twice is one balancer.
        const byLabel = new Map(records.map((record) => [labelOf(record), record]));
        const balancers = [...byLabel].map(
          ([label, record]): Balancer => ({
            label,
            act: async (phase, more, signal) => {
              const place = await gate.enter(signal);
              try {
                return await runScript(
                  transport,
                  record,
                  {
                    parts: ["nginx", "nginx-names", "nginx-reload", "nginx-switch"],
                    args: [phase, bin, conf, switchConf, from, to, ...more],
                    code: "switch-failed",
                  },
                  { ...taskOf(record), signal },
                );
              } finally {
                place.leave();
              }
            },
          }),
        );
        const plan = records.some((record) => taskOf(record).plan);
        const outcomes = await switchAll(balancers, { from, to, plan }, taskOf(first).signal);
        const labels = [...byLabel.keys()];
        return records.map((record) => {
          const outcome = outcomes[labels.indexOf(labelOf(record))];
          if (!outcome || outcome instanceof Failure) return outcome ?? new Failure("internal", "no outcome");
          const { conf, live, changed, said } = outcome;
          return { fields: { nginx: { conf, from, to, live } }, changed, said };
        });
      },
    });
  });
});
