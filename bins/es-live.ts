#!/usr/bin/env node
// es-live: looks at the balancers which side they serve, and says it, or adds it to each record.

import { asFailure, Failure, UsageError } from "../lib/base/failure.js";
import { Gate } from "../lib/base/gate.js";
import { print } from "../lib/base/print.js";
import { run } from "../lib/cli.js";
import { hostOptions, switchFileOptions } from "../lib/flags.js";
import { nginxFor, switchFileFor } from "../lib/host-nginx.js";
import { onHosts } from "../lib/host-step.js";
import { selectHosts } from "../lib/hosts/inventory.js";
import { liveSide, type Seen } from "../lib/nginx/live.js";
import { readSides } from "../lib/nginx/sides.js";
import { eachRecord, within } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";
import { runScript } from "../lib/transport/run-script.js";

const command = {
  name: "es-live",
  summary: "tell which side nginx serves: add it to each record, or print it",
  usage: ["", "--print|--idle"],
  operands: [0, 0],
  options: {
    print: { help: "read no records: print the side that is served" },
    idle: { help: "read no records: print the other side" },
    balancers: { value: "ROLE|HOST", many: true, help: "the balancers (nginx.role, otherwise nginx)" },
    side: { value: "NAME=UPSTREAM", many: true, help: "a side and its upstream, twice (nginx.sides)" },
    ...switchFileOptions,
    ...hostOptions,
  },
} as const;

/** The table that --side says. */
function sideTable(pairs: readonly string[]): Record<string, string> {
  const table = new Map<string, string>();
  for (const pair of pairs) {
    const [, name, upstream] = /^([^=]+)=(.+)$/s.exec(pair) ?? [];
    if (name === undefined || upstream === undefined)
      throw new UsageError(`--side takes NAME=UPSTREAM, not ${pair}`);
    if (table.has(name)) throw new UsageError(`--side ${name} is given twice`);
    table.set(name, upstream);
  }
  return Object.fromEntries(table);
}

run(command, async ({ flags, context }) => {
  if (flags.print && flags.idle) throw new UsageError("--print and --idle do not go together");
  return onHosts(context, flags, async ({ settings, transport }) => {
    const { nginx, roles } = settings.config.values;
    const sides = readSides(flags.side.length > 0 ? sideTable(flags.side) : nginx?.sides);
    const { bin, conf } = nginxFor(settings, flags);
    const names = sides.map(({ upstream }) => upstream);
    const args = [bin, conf, switchFileFor(settings, flags), ...names];
    const words = flags.balancers.length > 0 ? flags.balancers : [nginx?.role ?? "nginx"];
    const balancers = selectHosts(
      words.map((word) => ({ word })),
      roles ?? {},
      {},
    );
    const gate = new Gate(context.jobs);

    /** What a balancer serves. */
    const look = async (balancer: (typeof balancers)[number], signal: AbortSignal): Promise<Seen> => {
      const label = labelOf({ ...balancer });
      const place = await gate.enter(signal);
      try {
        const script = {
          parts: [
            "processes",
            "nginx",
            "nginx-lock",
            "nginx-file",
            "nginx-names",
            "nginx-loaded",
            "nginx-note",
            "nginx-live",
          ],
          args,
          code: "live-failed",
        };
        const task = { signal, plan: true, show: undefined };
        const results = await runScript(transport, balancer, script, task);
        return { label, upstream: results.get("upstream") ?? "" };
      } catch (error) {
        return { label, upstream: asFailure(error) };
      } finally {
        place.leave();
      }
    };

    const found = () =>
      within(context, async (signal) =>
        liveSide(await Promise.all(balancers.map((balancer) => look(balancer, signal))), sides),
      );

    if (flags.print || flags.idle) {
      const live = await found();
      if (live instanceof Failure) throw live;
      await print(`${flags.print ? live.name : sides.find((side) => side !== live)?.name}\n`);
      return 0;
    }
    // All records are told what was seen when the first one came.
    let live: ReturnType<typeof found> | undefined;
    return eachRecord(context, {
      reads: [],
      work: async () => {
        live ??= found();
        const side = await live;
        if (side instanceof Failure) throw side;
        const said = `nginx serves ${side.name} (${side.upstream})`;
        return { fields: { live: side.name }, changed: false, said, trace: false };
      },
    });
  });
});
