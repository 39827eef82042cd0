#!/usr/bin/env node
// es-nginx-switch: points nginx from one upstream to another, on all balancers or on none.

import { Failure, UsageError } from "../lib/base/failure.js";
import { Gate } from "../lib/base/gate.js";
import { run } from "../lib/cli.js";
import { hostOptions, switchFileOptions } from "../lib/flags.js";
import { nginxFor, switchFileFor } from "../lib/host-nginx.js";
import { onHosts } from "../lib/host-step.js";
import { checkUpstream } from "../lib/nginx/sides.js";
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
    ...switchFileOptions,
    ...hostOptions,
  },
} as const;

run(command, async ({ args, flags, context }) => {
  const [from = "", to = ""] = args.map(checkUpstream);
  if (from === to) throw new UsageError(`SRC and DST are both ${from}`);
  return onHosts(context, flags, ({ settings, transport }) => {
    const { bin, conf } = nginxFor(settings, flags);
    const switchConf = switchFileFor(settings, flags);
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
