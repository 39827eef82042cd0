#!/usr/bin/env node
// es-live: looks at the balancers which side they serve, and says it, or adds it to each record.

import { Failure, UsageError } from "../lib/base/failure.js";
import { print } from "../lib/base/print.js";
import { run } from "../lib/cli.js";
import { hostOptions, switchFileOptions } from "../lib/flags.js";
import { sideFinder } from "../lib/host-live.js";
import { onHosts } from "../lib/host-step.js";
import { eachRecord } from "../lib/step.js";

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
  return onHosts(context, flags, async (hosts) => {
    const find = sideFinder(context, hosts, {
      balancers: flags.balancers,
      ...(flags.side.length > 0 && { sides: sideTable(flags.side) }),
      files: flags,
    });
    if (flags.print || flags.idle) {
      const served = await find();
      if (served instanceof Failure) throw served;
      await print(`${(flags.print ? served.live : served.idle).name}\n`);
      return 0;
    }
    // All records are told what was seen when the first one came.
    let found: ReturnType<typeof find> | undefined;
    return eachRecord(context, {
      reads: [],
      work: async () => {
        found ??= find();
        const served = await found;
        if (served instanceof Failure) throw served;
        const { name, upstream } = served.live;
        return {
          fields: { live: name },
          changed: false,
          said: `nginx serves ${name} (${upstream})`,
          trace: false,
        };
      },
    });
  });
});
