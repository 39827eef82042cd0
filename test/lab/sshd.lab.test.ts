import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { scratchOf } from "./claim.js";
import { accepts } from "./ports.js";
import { processesOf, until } from "./processes.js";
import { program } from "./program.js";
import { type LabHost, type SshLab, startSshd } from "./sshd.js";

const ssh = (lab: SshLab, host: LabHost | undefined, command: string) => {
  if (!host) throw new Error("no such host");
  return program("ssh", [
    "-F",
    lab.sshConfig,
    "-o",
    "BatchMode=yes",
    `${host.user}@${host.address}`,
    command,
  ]);
};

test("each host has an address, a user and a home of its own, and all end with the lab", async () => {
  const lab = await startSshd({ hosts: 2, shells: ["/bin/sh", "/usr/bin/fish"] });
  try {
    for (const host of lab.hosts) {
      // As a script's that is killed with the lab.
      const scratch = `/tmp/essay.${randomBytes(8).toString("hex")}`;
      const ran = await ssh(
        lab,
        host,
        `id -un; pwd; echo $SHELL; set | grep ^SSH_CONN; mkdir ${scratch}; sleep 600 >/dev/null 2>&1 &`,
      );
      assert.ok(scratchOf(host.uid).includes(scratch), ran.report);
      assert.equal(ran.status, 0, ran.report + lab.log());
      assert.deepEqual(ran.stdout.split("\n").slice(0, 2), [host.user, host.home], ran.report);
    }
    const wrongUser = `${lab.hosts[0]?.user}@${lab.hosts[1]?.address}`;
    const refused = await program("ssh", ["-F", lab.sshConfig, "-o", "BatchMode=yes", wrongUser, "true"]);
    assert.equal(refused.status, 255, refused.report);
    assert.match(refused.stderr, /Permission denied/, refused.report);
  } finally {
    await lab.stop();
  }
  for (const { uid } of lab.hosts) assert.deepEqual([...processesOf(uid), ...scratchOf(uid)], []);
  assert.ok(!existsSync(lab.directory));
});

test("hosts with a wrong key, without a known key, and one that refuses", async () => {
  const lab = await startSshd({ hosts: 4, wrongKey: [1], unknownKey: [2], refusing: [3] });
  try {
    const said = await Promise.all(lab.hosts.map((host) => ssh(lab, host, "echo well")));
    assert.equal(said[0]?.stdout, "well\n", said[0]?.report);
    assert.match(said[1]?.stderr ?? "", /IDENTIFICATION HAS CHANGED/, said[1]?.report);
    assert.match(said[2]?.stderr ?? "", /Host key verification failed/, said[2]?.report);
    assert.match(said[3]?.stderr ?? "", /Connection refused/, said[3]?.report);
  } finally {
    await lab.stop();
  }
});

test("labs live side by side, with more hosts than one sshd can listen for, and sudo to another user", async () => {
  const [many, other] = await Promise.all([startSshd({ hosts: 18 }), startSshd({ hosts: 1, become: true })]);
  try {
    assert.notEqual(many.directory, other.directory);
    assert.equal((await ssh(many, many.hosts[17], "echo well")).stdout, "well\n");
    const ran = await ssh(other, other.hosts[0], `sudo -n -u ${other.app?.name} id -un`);
    assert.equal(ran.stdout, `${other.app?.name}\n`, ran.report);
  } finally {
    await many.stop();
    await other.stop();
  }
  assert.ok(!readdirSync("/etc/sudoers.d").includes(basename(other.directory)));
});

test("what a killed lab left is taken away by the next one", async () => {
  const code = `
    import { startSshd } from ${JSON.stringify(new URL("sshd.js", import.meta.url).href)};
    const lab = await startSshd({ hosts: 1 });
    console.log(JSON.stringify({ directory: lab.directory, port: lab.port, address: lab.hosts[0].address }));
    process.kill(process.pid, "SIGKILL");`;
  const killed = await program(process.execPath, ["--input-type=module", "-e", code]);
  assert.equal(killed.signal, "SIGKILL", killed.report);
  const { directory, address, port } = JSON.parse(killed.stdout);
  await until("the end of the killed lab's sshd", async () => !(await accepts(address, port)));
  const labs: SshLab[] = [];
  try {
    // Its number is free again, although a lab of another test may be quicker.
    do labs.push(await startSshd({ hosts: 1 }));
    while (labs.at(-1)?.directory !== directory && labs.length < 5);
    const last = labs.at(-1);
    assert.ok(last);
    const ran = await ssh(last, last.hosts[0], "echo well");
    assert.equal(ran.stdout, "well\n", ran.report);
  } finally {
    for (const lab of labs) await lab.stop();
  }
});
