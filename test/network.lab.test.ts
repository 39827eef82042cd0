// Hosts on a wire, not on loopback: what does not answer, an index elsewhere, an interface that goes down.

import assert from "node:assert/strict";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isSshd } from "./lab/commands.js";
import { templateOf } from "./lab/daemon.js";
import { type LabIndex, startIndex } from "./lab/index.js";
import { isHeld } from "./lab/lock.js";
import { makeNetwork, type Network } from "./lab/network.js";
import { commandLine, kill, processesOf, until } from "./lab/processes.js";
import { type Ran, recordsOf } from "./lab/program.js";
import { type LabHost, type SshLab, startSshd } from "./lab/sshd.js";
import { supervisedBelow } from "./lab/supervised.js";
import { tiny } from "./lab/tiny.js";

let network: Network;
let ssh: SshLab;
let index: LabIndex;
let config: string;
let host: LabHost;

before(async () => {
  network = await makeNetwork(2);
  ssh = await startSshd({ hosts: 2, unknownKey: [1], machine: network.hosts });
  index = await startIndex({ machine: network.control, flags: ["--bind", network.control.address] });
  host = ssh.hosts[0] as LabHost;
  config = join(ssh.directory, "impatient");
  const patience = "ConnectTimeout 5\nServerAliveInterval 1\nServerAliveCountMax 2\n";
  writeFileSync(config, `${patience}${readFileSync(ssh.sshConfig, "utf8")}`);
});
after(async () => {
  for (const { prefix } of ssh.hosts) kill(supervisedBelow(prefix));
  await index.stop();
  await ssh.stop();
  await network.stop();
});

const run = (script: string): Promise<Ran> =>
  network.control.sh(script, {
    cwd: ssh.directory,
    env: { ESSAY_SSH_CONFIG: config, ESSAY_INDEX: index.url },
  });

test("each kind of silence and refusal has its code", async () => {
  const { control, hosts } = network;
  // Over there nobody passes on what is for others, and nobody says so: a firewall that drops.
  control.ip("route", "add", "198.51.100.0/24", "via", hosts.address);
  control.ip("route", "add", "prohibit", "203.0.113.1");
  const user = host.user;
  const words = [
    ...ssh.inventory,
    ...["192.0.2.99", "198.51.100.1", "203.0.113.1", "203.0.113.2"].map((address) => `${user}@${address}`),
    `${user}@${hosts.address}:2222`,
  ];
  const ran = await run(`es-hosts -H ${words.join(" ")} --prefix '~/x' | es-venv a --dry-run`);
  assert.equal(ran.status, 1, ran.report);
  assert.match(ran.stderr, /203\.0\.113\.2 .*: network is unreachable/, ran.report);
  const codes = recordsOf(ran.stdout).map(
    (record) => `${record.host}:${record.port ?? 22} ${record.error?.code ?? "ok"}`,
  );
  assert.deepEqual(
    codes.sort(),
    [
      "192.0.2.2:22 ok",
      "192.0.2.2:2222 refused",
      // Known by another address only.
      "192.0.2.3:22 host-key-unknown",
      // Nobody has the address, which the kernel finds out within 3 s.
      "192.0.2.99:22 unreachable",
      "198.51.100.1:22 timeout",
      // This machine may not, and this one knows no way.
      "203.0.113.1:22 unreachable",
      "203.0.113.2:22 unreachable",
    ],
    ran.report,
  );
});

test("pip takes a release from the plain index of another machine, and we say so", async () => {
  tiny(index.directory);
  const ran = await run(
    `es-hosts ${host.entry} --prefix '~/y' --bind '{host}' | es-venv a | es-pip tiny==1.0 --index http://${network.control.address}:\${ESSAY_INDEX##*:}`,
  );
  assert.equal(ran.status, 0, ran.report);
  assert.deepEqual(recordsOf(ran.stdout)[0].installed, { tiny: "1.0" }, ran.report);
  assert.match(ran.stderr, /is plain http: pip is told to trust it/, ran.report);
});

test("an index that all may reach takes no uploads without a password", async () => {
  const [sdist] = tiny(join(ssh.directory, "dist"), "2.0");
  const record = { project: "tiny", version: "2.0", files: [sdist] };
  writeFileSync(join(ssh.directory, "release.jsonl"), `${JSON.stringify(record)}\n`);
  const ran = await run('es-upload --index "$ESSAY_INDEX" <release.jsonl');
  assert.equal(ran.status, 1, ran.report);
  assert.equal(recordsOf(ran.stdout)[0].error.code, "http-403", ran.report);
  assert.match(ran.stderr, /takes no uploads/, ran.report);
  assert.ok(!index.log().includes("tiny-2.0"), index.log());
});

/** A template whose one process has to run so many seconds before it counts as started. */
function templateFor(seconds: number): string {
  const file = join(ssh.directory, `supervisord-${seconds}.conf`);
  writeFileSync(file, templateOf(`command=sleep 1000\nstartsecs=${seconds}\n`));
  return file;
}

test("an interface goes down in the middle of a step, in a session and without one", async () => {
  const up = (prefix: string, ports: string, seconds: number) =>
    `es-hosts ${host.entry} --prefix '~/${prefix}' | es-venv a | es-supervisor up --template ${templateFor(seconds)} --project x --profile test --port-prefix ${ports}`;
  const ways = [
    { prefix: "z", start: (seconds: number) => run(`es-session sh -c "${up("z", "990", seconds)}"`) },
    { prefix: "w", start: (seconds: number) => run(up("w", "991", seconds)) },
  ];
  const supervised = () => ways.map(({ prefix }) => supervisedBelow(join(host.home, prefix)));
  // That of the run and that of the script.
  const locks = ways.flatMap(({ prefix }) =>
    ["deploy", "lock"].map((ending) => join(host.home, prefix, `.essay/a.${ending}`)),
  );
  const cut = ways.map(({ start }) => start(200));
  await until("the processes to start", () => supervised().every((all) => all.length === 2), 60_000);
  assert.deepEqual(locks.filter(isHeld), locks);
  network.control.ip("link", "set", "eth0", "down");

  for (const ran of await Promise.all(cut)) {
    assert.equal(ran.status, 1, ran.report);
    const [record] = recordsOf(ran.stdout);
    assert.equal(record.error.code, "connection-lost", ran.report);
    assert.match(record.error.message, /the script had begun there/, ran.report);
  }
  // Nobody tells the host; it is the heartbeats' end that it notices.
  await until("the end of the locks", () => !locks.some(isHeld), 12_000);
  const strangers = () => processesOf(host.uid).filter((pid) => !supervised().flat().includes(pid));
  const ended = (what: string, are: () => number[]) =>
    until(what, () => are().length === 0, 30_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${are().map(commandLine).join("\n")}`);
    });
  // Where the host seemed to be far, a shell may wait there for the next step's script, until sshd notices.
  const waits = (pid: number) => {
    try {
      return (
        commandLine(pid).startsWith("sh -c read -r a") && readlinkSync(`/proc/${pid}/fd/0`) !== "/dev/null"
      );
    } catch {
      return false; // it has ended
    }
  };
  await ended("the end of all scripts", () => strangers().filter((pid) => !isSshd(pid) && !waits(pid)));

  network.control.ip("link", "set", "eth0", "up");
  await ended("the end of all connections", strangers);
  for (const { start } of ways) {
    const again = await start(1);
    assert.equal(again.status, 0, again.report);
    assert.equal(recordsOf(again.stdout)[0].processes[0].state, "RUNNING", again.report);
  }
});
