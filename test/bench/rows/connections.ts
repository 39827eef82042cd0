// Reaching many hosts: a step that does nothing, and four of them in one session, against the others' way.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Fleet, startFleet, type Way } from "../../lab/fleet.js";
import { bins } from "../../lab/program.js";
import type { Bench, Comparison, Side } from "../comparison.js";
import { memoryOfCommand, timeCommand, workOfCommand } from "../time-command.js";

const atOnce = 30;
/** Milliseconds of the proxy's delay, each way: a round trip takes 50. */
const delay = 25;
/** The remote operations of one deploy by the program that this one takes after. */
const operations = 17;

const step = fileURLToPath(new URL("../steps/es-nothing.cjs", import.meta.url));
const fabric = fileURLToPath(new URL("../../../../test/bench/with_fabric.py", import.meta.url));

type Measure = typeof timeCommand;
let fleet: Fleet | undefined;

/** Files about the first hosts of the fleet: their addresses, and their records. */
function filesFor(folder: string, { addresses }: Fleet, size: number): { hosts: string; records: string } {
  const first = addresses.slice(0, size);
  const files = { hosts: join(folder, `hosts-${size}`), records: join(folder, `records-${size}`) };
  const record = (host: string) => JSON.stringify({ host, transport: "ssh", batch: { id: "bench", size } });
  writeFileSync(files.hosts, first.map((host) => `${host}\n`).join(""));
  writeFileSync(files.records, first.map((host) => `${record(host)}\n`).join(""));
  return files;
}

/** The ways to do something on the first hosts of the fleet. */
function sides(folder: string, all: Fleet, way: Way, size: number) {
  const { hosts, records } = filesFor(folder, all, size);
  const { sshConfig } = way;
  const env = { ESSAY_SSH_CONFIG: sshConfig };
  const theirs = (command: string[], more: NodeJS.ProcessEnv = {}): Side => {
    return () => timeCommand(command, { folder, env: more });
  };
  const steps = (count: number) =>
    Array.from({ length: count }, () => `"${process.execPath}" "${step}" -q`).join(" | ");
  const session = (count: number) => [
    ...[process.execPath, join(bins, "es-session")],
    ...["sh", "-c", steps(count)],
  ];
  return {
    step: (measure: Measure = timeCommand): Side => {
      const command = [process.execPath, step, "-q", "-j", String(atOnce)];
      return () => measure(command, { folder, env, input: records });
    },
    session: (count: number, measure: Measure = timeCommand): Side => {
      return () => measure(session(count), { folder, env, input: records });
    },
    pdsh: theirs(["pdsh", "-S", "-R", "ssh", "-f", String(atOnce), "-w", `^${hosts}`, "true"], {
      PDSH_SSH_ARGS: `-F ${sshConfig}`,
    }),
    clush: theirs([
      "clush",
      "-S",
      "-f",
      String(atOnce),
      "-o",
      `-F ${sshConfig}`,
      `--hostfile=${hosts}`,
      "true",
    ]),
    parallel: theirs([
      ...["parallel", "--will-cite", "-j", String(atOnce), "-a", hosts],
      ...["ssh", "-F", sshConfig, "{}", "true"],
    ]),
    ansible: theirs(
      [
        ...["ansible", "all", "-i", hosts, "-f", String(atOnce), "-m", "raw", "-a", "true"],
        ...["--ssh-common-args", `-F ${sshConfig}`],
      ],
      // Without connections that an earlier run has left open.
      { ANSIBLE_SSH_ARGS: "-o ControlMaster=no", ANSIBLE_LOCAL_TEMP: folder, ANSIBLE_NOCOWS: "1" },
    ),
    fabric: (count: number, measure: Measure = timeCommand): Side => {
      const command = ["/usr/bin/python3", fabric, hosts, sshConfig, String(count)];
      return () => measure(command, { folder });
    },
  };
}

export const bench: Bench = {
  note: `The rows of connections: the hosts are sshds on this machine, on addresses of the loopback, which share its processors
with what is measured. Their work is about the same for both sides, is part of both times, and is a floor under every
ratio of times: with hosts elsewhere, ours would be smaller. "A step that does nothing" connects, sends an empty script
the way that every step sends its own, has it run by the host's sh, reads its result, writes the record; the others run
\`true\`. Memory is what all processes together had at one time, each with its share of the pages that several have.`,

  async make(folder) {
    fleet = await startFleet({ hosts: 1000, delay, delayed: 100 });
    const one = sides(folder, fleet, fleet.direct, 1);
    const ten = sides(folder, fleet, fleet.direct, 10);
    const hundred = sides(folder, fleet, fleet.direct, 100);
    const thousand = sides(folder, fleet, fleet.direct, 1000);
    const far = sides(folder, fleet, fleet.delayed ?? fleet.direct, 100);
    const nothing = "step that does nothing";
    const four = `es-session, four steps, 100 hosts`;
    const seed = `Fabric 2, ${operations} operations on each host`;
    const rows: Comparison[] = [
      {
        ...{ what: `${nothing}, 100 hosts`, against: "pdsh, OpenSSH", budget: 0.35, binding: true, pairs: 5 },
        ...{ ours: hundred.step(), theirs: hundred.pdsh },
      },
      {
        ...{
          what: `${nothing}, 100 hosts`,
          against: "clush, OpenSSH",
          budget: 0.35,
          binding: true,
          pairs: 3,
        },
        ...{ ours: hundred.step(), theirs: hundred.clush },
      },
      {
        ...{ what: `${nothing}, 100 hosts`, against: "GNU parallel, OpenSSH", budget: 0.35, pairs: 3 },
        ...{ ours: hundred.step(), theirs: hundred.parallel, binding: true },
      },
      {
        ...{ what: `${nothing}, 100 hosts`, against: "Ansible, raw module", budget: 0.35, pairs: 2 },
        ...{ ours: hundred.step(), theirs: hundred.ansible, binding: false, allCount: true },
      },
      {
        ...{ what: `${nothing}, 100 hosts`, against: "Fabric 2, 30 threads", budget: 0.9, pairs: 9 },
        ...{ ours: hundred.step(), theirs: hundred.fabric(1), binding: true },
      },
      {
        ...{
          what: `${nothing}, 100 hosts, processor`,
          against: "Fabric 2, 30 threads",
          budget: 0.7,
          pairs: 7,
        },
        ...{ ours: hundred.step(workOfCommand), theirs: hundred.fabric(1, workOfCommand), binding: true },
      },
      {
        ...{ what: four, against: seed, budget: 0.5, binding: true, pairs: 5 },
        ...{ ours: hundred.session(4), theirs: hundred.fabric(operations) },
      },
      {
        ...{ what: `${four}, processor`, against: seed, budget: 0.7, binding: false, pairs: 3 },
        ...{ ours: hundred.session(4, workOfCommand), theirs: hundred.fabric(operations, workOfCommand) },
      },
      {
        ...{ what: `${four}, round trip 50 ms`, against: `${seed}, the same`, budget: 0.4, binding: true },
        ...{ ours: far.session(4), theirs: far.fabric(operations), pairs: 5 },
      },
      {
        ...{ what: `${nothing}, 1 host`, against: "pdsh, OpenSSH", budget: 2, binding: false, pairs: 7 },
        ...{ ours: one.step(), theirs: one.pdsh },
      },
      {
        ...{ what: `${nothing}, 10 hosts`, against: "pdsh, OpenSSH", budget: 1, binding: false, pairs: 5 },
        ...{ ours: ten.step(), theirs: ten.pdsh },
      },
      {
        ...{ what: `${nothing}, 1000 hosts`, against: "pdsh, OpenSSH", budget: 0.35, binding: false },
        ...{ ours: thousand.step(), theirs: thousand.pdsh, pairs: 1, allCount: true },
      },
      {
        what: "es-session, one step, 1000 hosts",
        against: "ten times the same with 100",
        ...{ budget: 1.1, binding: false, pairs: 2, allCount: true },
        ours: thousand.session(1),
        theirs: async () => 10 * (await hundred.session(1)()),
      },
      {
        what: "es-session, one step, 1000 hosts, memory",
        against: "a budget of 200 MB",
        ...{ budget: 1, binding: true, pairs: 1, allCount: true, unit: "MB" },
        ours: thousand.session(1, memoryOfCommand),
        theirs: async () => 200,
      },
      {
        what: "es-session, four steps, 1000 hosts, memory",
        against: "a budget of 200 MB",
        ...{ budget: 1, binding: true, pairs: 1, allCount: true, unit: "MB" },
        ours: thousand.session(4, memoryOfCommand),
        theirs: async () => 200,
      },
    ];
    return rows;
  },

  async end() {
    await fleet?.stop();
  },
};
