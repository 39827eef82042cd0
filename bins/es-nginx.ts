#!/usr/bin/env node
// es-nginx: starts, stops, reloads or tests the nginx of each host.

import { run } from "../lib/cli.js";
import { hostOptions, nginxOptions } from "../lib/flags.js";
import { controlNginx, nginxFor } from "../lib/host-nginx.js";
import { onHosts, secondsForScript } from "../lib/host-step.js";
import { eachRecord } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";
import { checkVerb, type Verb, verbNamed } from "../lib/verbs.js";

const command = {
  name: "es-nginx",
  summary: "start, stop, reload or test nginx on each host",
  usage: ["start|reload [--wait S]", "stop [--drain] [--wait S]", "test"],
  operands: [1, 1],
  options: {
    ...nginxOptions,
    drain: { help: "stop: let connections come to their end" },
    wait: { value: "S", help: "wait S seconds for an nginx that another run switches, or works on" },
    ...hostOptions,
  },
} as const;

const flagsOfAll = [...Object.keys(nginxOptions), ...Object.keys(hostOptions)];

const changing = [...flagsOfAll, "wait"];

const verbs: Readonly<Record<string, Verb & { looks?: true }>> = {
  start: { operands: [0, 0], flags: changing },
  stop: { operands: [0, 0], flags: [...changing, "drain"] },
  reload: { operands: [0, 0], flags: changing },
  test: { operands: [0, 0], flags: flagsOfAll, looks: true },
};

run(command, async ({ args: [verb = "", ...args], flags, rest, context }) => {
  const does = verbNamed(verbs, verb);
  checkVerb(verb, does, { args, flags, rest }, Object.keys(command.options));
  return onHosts(context, flags, ({ settings, transport }) => {
    const { bin, conf } = nginxFor(settings, flags);
    const limit = secondsForScript(context.timeout);
    return eachRecord(context, {
      reads: ["host", "user", "port", "transport", "become"],
      key: labelOf,
      work: async (record, task) => {
        const control = { verb, bin, conf, drain: flags.drain, limit };
        const results = await controlNginx(transport, record, control, task);
        for (const warning of results.all("warning")) context.warn(`${labelOf(record)}: ${warning}`);
        const changes = results.all("change");
        return {
          changed: changes.length > 0,
          said: [...changes, ...results.all("said")].join(", "),
          ...(does.looks && { trace: false }),
        };
      },
    });
  });
});
