#!/usr/bin/env node
// es-doctor: looks for what usually goes wrong, here and on hosts, and says what to do about it.

import { homedir } from "node:os";
import { Failure, UsageError } from "../lib/base/failure.js";
import { Gate } from "../lib/base/gate.js";
import { print } from "../lib/base/print.js";
import { type Context, run } from "../lib/cli.js";
import { loadConfig } from "../lib/config/load.js";
import { Settings } from "../lib/config/settings.js";
import { type Finding, renderFindings } from "../lib/doctor/finding.js";
import { unreached } from "../lib/doctor/host.js";
import { examineMachine } from "../lib/doctor/machine.js";
import { examineHost, type HostRecord } from "../lib/doctor-hosts.js";
import { examineIndex } from "../lib/doctor-index.js";
import { badConfiguration, examineProject } from "../lib/doctor-project.js";
import { caBundleOption, hostOptions } from "../lib/flags.js";
import { type Hosts, onHosts } from "../lib/host-step.js";
import { selectHosts } from "../lib/hosts/inventory.js";
import { within } from "../lib/step.js";
import { labelOf } from "../lib/stream/table.js";

const { "accept-new": _, ...reaching } = hostOptions;

const command = {
  name: "es-doctor",
  summary: "look for what usually goes wrong, and say what to do about it",
  usage: ["[ROLE|HOST]..."],
  operands: [0, 10_000],
  timeout: 60_000,
  options: {
    index: { value: "URL|NAME", help: "the package index that is looked at" },
    ...caBundleOption,
    ...reaching,
  },
} as const;

/** The configuration, or what is wrong with it. */
async function configured(context: Context): Promise<Settings | Finding> {
  try {
    return new Settings(await loadConfig(context));
  } catch (error) {
    if (error instanceof UsageError) return badConfiguration(error.message);
    throw error;
  }
}

/** Looks at hosts, many at once; what was found comes in their order. */
function examineHosts(
  context: Context,
  { settings, transport }: Hosts,
  records: readonly HostRecord[],
): Promise<Finding[][]> {
  const gate = new Gate(context.jobs);
  return Promise.all(
    records.map(async (record) => {
      const where = labelOf(record);
      const place = await gate.enter(context.interrupt.signal);
      const show = context.verbose ? (text: string) => context.show(where, text) : undefined;
      const found = await within(context, (signal) =>
        examineHost(transport, settings, record, where, { signal, plan: true, show }),
      );
      place.leave();
      return found instanceof Failure ? [unreached(where, found)] : found;
    }),
  );
}

run(command, async ({ args, flags, context }) => {
  const { signal } = context.interrupt;
  const findings: Finding[] = [];
  const tell = async (some: readonly Finding[]) => {
    findings.push(...some);
    if (context.json) for (const one of some) await print(`${JSON.stringify(one)}\n`);
  };
  const settings = await configured(context);
  await tell(await examineMachine({ env: process.env, home: homedir(), signal }));
  if (settings instanceof Settings) {
    await tell(examineProject(settings));
    const said = { flag: flags.index, ca: flags["ca-bundle"] };
    const index = await within(context, (ended) => examineIndex(settings, said, ended));
    if (index instanceof Failure) throw index;
    await tell(index);
    const asked = args.map((word) => ({ word }));
    const hosts =
      asked.length > 0 ? selectHosts(asked, settings.config.values.roles ?? {}, { vars: {} }) : [];
    if (hosts.length > 0)
      await onHosts(context, { ...flags, "accept-new": false }, async (open) => {
        for (const found of await examineHosts(context, open, hosts)) await tell(found);
        return 0;
      });
  } else await tell([settings]);
  if (!context.json) await print(renderFindings(findings));
  return findings.some(({ verdict }) => verdict === "wrong") ? 1 : 0;
});
