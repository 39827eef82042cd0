#!/usr/bin/env node
// es-nginx-switch: points nginx from one upstream to another, on all balancers or on none.

import { Failure, UsageError } from "../lib/base/failure.js";
import { Gate } from "../lib/base/gate.js";
import { randomHex } from "../lib/base/random.js";
import { type Context, run } from "../lib/cli.js";
import type { Settings } from "../lib/config/settings.js";
import { type Flags, hostOptions, switchFileOptions, wholeNumber } from "../lib/flags.js";
import { balancerOf } from "../lib/host-balancers.js";
import { nginxFor, switchFileFor } from "../lib/host-nginx.js";
import { onHosts } from "../lib/host-step.js";
import type { Balancer, Names } from "../lib/nginx/balancer.js";
import { confirmAll } from "../lib/nginx/confirm.js";
import { recoverAll } from "../lib/nginx/recover.js";
import { checkUpstream, readSides, towards } from "../lib/nginx/sides.js";
import type { Outcome } from "../lib/nginx/sites.js";
import { switchAll } from "../lib/nginx/switch.js";
import { wholeBatch } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";
import { lockOwner } from "../lib/transport/lock-owner.js";

const command = {
  name: "es-nginx-switch",
  summary: "point nginx from one upstream to another, on all balancers or on none",
  usage: ["SRC DST", "--to SIDE", "--confirm-now", "--recover"],
  operands: [0, 2],
  options: {
    to: { value: "SIDE", help: "switch to this side of nginx.sides, from the other one" },
    probe: { value: "URL", help: "look through each nginx at URL, and go back unless the answer is well" },
    expect: { value: "TEXT", help: "what the page of --probe must contain" },
    "wait-drain": { help: "wait until the workers of the old configuration are gone" },
    confirm: { value: "S", help: "each balancer goes back by itself after S seconds unless it is confirmed" },
    "confirm-now": { help: "confirm the switch that waits for it" },
    recover: { help: "end a switch that was cut short: complete it, or take it back" },
    wait: { value: "S", help: "wait S seconds for balancers that another run is switching" },
    ...switchFileOptions,
    ...hostOptions,
  },
} as const;

type Wanted = Flags<(typeof command)["options"]>;
/** What is to be done on all balancers. */
type Work = (balancers: readonly Balancer[], plan: boolean, signal: AbortSignal) => Promise<Outcome[]>;

function namesFrom(args: readonly string[], side: string | undefined, settings: Settings): Names {
  if (side !== undefined) {
    const { to, from } = towards(readSides(settings.config.values.nginx?.sides), side);
    return { from: from.upstream, to: to.upstream };
  }
  const [from = "", to = ""] = args.map(checkUpstream);
  if (from === to) throw new UsageError(`SRC and DST are both ${from}`);
  return { from, to };
}

/** Sees that the flags go together. */
function check(args: readonly string[], flags: Wanted): void {
  const forms = [args.length > 0, flags.to !== undefined, flags["confirm-now"], flags.recover];
  if (forms.filter(Boolean).length !== 1 || args.length === 1)
    throw new UsageError("takes one of SRC DST, --to SIDE, --confirm-now and --recover");
  const switches = args.length > 0 || flags.to !== undefined;
  for (const name of ["probe", "confirm", "wait-drain"] as const)
    if (flags[name] && !switches) throw new UsageError(`--${name} goes with a switch`);
  if (flags.expect !== undefined && flags.probe === undefined)
    throw new UsageError("--expect goes with --probe");
  if (flags["wait-drain"] && flags.confirm !== undefined)
    throw new UsageError(
      "--wait-drain and --confirm do not go together: the time for confirming would go by",
    );
  if (flags.probe !== undefined && !(/^https?:/.test(flags.probe) && URL.canParse(flags.probe)))
    throw new UsageError(`--probe takes a URL such as http://127.0.0.1/version, not ${flags.probe}`);
}

function workFor(args: readonly string[], flags: Wanted, settings: Settings, { partial }: Context): Work {
  if (flags.recover) return (balancers, plan, signal) => recoverAll(balancers, { plan, partial }, signal);
  if (flags["confirm-now"])
    return (balancers, plan, signal) => confirmAll(balancers, { plan, partial }, signal);
  const { confirm, probe } = flags;
  const wish = {
    ...namesFrom(args, flags.to, settings),
    id: randomHex(8),
    by: lockOwner(),
    confirm: confirm === undefined ? 0 : wholeNumber("--confirm", confirm, 1, 86_400),
    probe: probe !== undefined,
    drain: flags["wait-drain"],
    partial,
  };
  return (balancers, plan, signal) => switchAll(balancers, { ...wish, plan }, signal);
}

run(command, async ({ args, flags, context }) => {
  check(args, flags);
  return onHosts(context, flags, ({ settings, transport }) => {
    const work = workFor(args, flags, settings, context);
    const probe = [flags.probe ?? "", flags.expect ?? ""] as const;
    const nginx = { ...nginxFor(settings, flags), switchConf: switchFileFor(settings, flags), probe };
    const gate = new Gate(context.jobs);

    return wholeBatch(context, {
      reads: ["host", "user", "port", "transport", "become"],
      work: async (records, taskOf) => {
        const [first] = records;
        if (!first) return [];
        // A host that came twice is one balancer.
        const byLabel = new Map(records.map((record) => [labelOf(record), record]));
        const balancers = [...byLabel].map(([label, record]) =>
          balancerOf(label, record, nginx, { transport, gate, task: taskOf(record) }),
        );
        const plan = records.some((record) => taskOf(record).plan);
        const outcomes = await work(balancers, plan, taskOf(first).signal);
        const labels = [...byLabel.keys()];
        return records.map((record) => {
          const outcome = outcomes[labels.indexOf(labelOf(record))];
          if (!outcome || outcome instanceof Failure) return outcome ?? new Failure("internal", "no outcome");
          const { nginx: field, changed, said } = outcome;
          return { ...(field && { fields: { nginx: field } }), changed, said };
        });
      },
    });
  });
});
