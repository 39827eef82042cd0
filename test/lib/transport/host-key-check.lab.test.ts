import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { Target, Transport } from "../../../lib/transport/contract.js";
import { type BodyRun, runBody } from "../../lab/body.js";
import { processesOf, until } from "../../lab/processes.js";
import { program, scratch } from "../../lab/program.js";
import { failureOf, labFor, targetOf, transportBy, transportFor } from "../../lab/reach.js";

const runOn = (
  transport: Transport,
  target: Target,
  body: string,
  run: Omit<BodyRun, "transport" | "target"> = {},
) => runBody(body, { transport, target, ...run });

describe("host keys", () => {
  const started = labFor({ hosts: 3, wrongKey: [1], unknownKey: [2] });
  const start = (transport: Transport, place: number) =>
    runOn(transport, targetOf(started.host(place)), "result well done").then(({ results }) =>
      results.get("well"),
    );

  test("a changed key: file, line, and the command that mends it; whatever the settings", async (t) => {
    const { lab } = started;
    for (const [lines, acceptNew] of [
      ["", false],
      ["", true],
      ["StrictHostKeyChecking no", false],
      ["StrictHostKeyChecking accept-new", true],
    ] as const) {
      const failure = await failureOf(start(transportFor(t, lab, lines, acceptNew), 1));
      assert.equal(failure.code, "host-key-changed");
      const { address, port } = started.host(1);
      assert.match(failure.message, /SHA256:.*line 2 .*SHA256:/);
      assert.ok(
        failure.message.includes(`ssh-keygen -R '[${address}]:${port}' -f ${lab.knownHosts}`),
        failure.message,
      );
    }
  });

  test("an unknown key: fingerprint and what to run; then learnt, and known to ssh itself", async (t) => {
    const { lab } = started;
    const learnt = join(scratch(t), ".ssh", "known_hosts");
    const lines = `UserKnownHostsFile ${learnt}\nHashKnownHosts yes`;
    const failure = await failureOf(start(transportFor(t, lab, lines), 2));
    assert.equal(failure.code, "host-key-unknown");
    const keys = await program("ssh-keyscan", ["-p", String(lab.port), started.host(2).address]);
    const file = join(scratch(t), "key");
    writeFileSync(file, keys.stdout);
    const [, hash = "?"] = (await program("ssh-keygen", ["-lf", file])).stdout.split(" ");
    assert.ok(failure.message.includes(hash), failure.message);
    assert.match(failure.message, /--accept-new/);

    const learning = transportFor(t, lab, lines, true);
    const both = await Promise.all([start(learning, 0), start(learning, 2)]);
    assert.deepEqual(both, ["done", "done"]);
    assert.equal(await start(transportFor(t, lab, lines), 2), "done");
    assert.match(readFileSync(learnt, "utf8"), /^\|1\|.*\n\|1\|.*\n$/);
    const { user, address } = started.host(2);
    const args = [
      "-F",
      lab.sshConfig,
      "-o",
      `UserKnownHostsFile=${learnt}`,
      "-o",
      "StrictHostKeyChecking=yes",
      "-o",
      "BatchMode=yes",
    ];
    const ran = await program("ssh", [...args, `${user}@${address}`, "echo well"]);
    assert.equal(ran.stdout, "well\n", ran.report);
  });

  test("a client key that the host does not know", async (t) => {
    const key = join(scratch(t), "key");
    await program("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const config = join(scratch(t), "config");
    writeFileSync(
      config,
      `IdentityFile ${key}\nIdentitiesOnly yes\nUserKnownHostsFile ${started.lab.knownHosts}\n`,
    );
    const other = transportBy("ssh2", t, config);
    const failure = await failureOf(start(other, 0));
    assert.equal(failure.code, "auth-failed");
    assert.ok(
      failure.message.includes(`${started.host(0).user} in; tried: ${key}; the server offers: publickey`),
      failure.message,
    );
  });
});

describe("a host with keys of two types", () => {
  const directory = mkdtempSync("/tmp/essay-keys-");
  const rsa = join(directory, "rsa");
  execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-N", "", "-f", rsa]);
  after(() => rmSync(directory, { recursive: true }));
  const started = labFor({ hosts: 1, config: [`HostKey ${rsa}`] });

  for (const hashed of [false, true])
    test(`of which only the RSA key is known, ${hashed ? "by a hashed" : "by its"} name`, async (t) => {
      const { address, port } = started.host(0);
      const known = join(scratch(t), "known_hosts");
      writeFileSync(known, `[${address}]:${port} ${readFileSync(`${rsa}.pub`, "utf8")}`);
      if (hashed) execFileSync("ssh-keygen", ["-q", "-H", "-f", known], { stdio: "ignore" });
      const transport = transportFor(t, started.lab, `UserKnownHostsFile ${known}`);
      assert.equal((await runOn(transport, targetOf(started.host(0)), "exit 6")).status, 6);
    });

  test("of which the one that is shown is revoked", async (t) => {
    const { address, port } = started.host(0);
    const known = join(scratch(t), "known_hosts");
    const name = `[${address}]:${port}`;
    const key = readFileSync(`${rsa}.pub`, "utf8");
    writeFileSync(known, `${name} ${key}@revoked * ${key}`);
    const failure = await failureOf(
      runOn(transportFor(t, started.lab, `UserKnownHostsFile ${known}`, true), targetOf(started.host(0)), ""),
    );
    assert.equal(failure.code, "host-key-revoked");
    assert.match(failure.message, /RSA SHA256:.*known_hosts line 2/);
  });
});

describe("a key that cannot be written down", () => {
  const started = labFor({ hosts: 1, unknownKey: [0] });

  test("is not learnt, and no connection is left; kept nowhere, it is taken", async (t) => {
    const { lab } = started;
    const target = targetOf(started.host(0));
    const transport = transportFor(t, lab, "UserKnownHostsFile /sys/essay/known_hosts", true);
    const failure = await failureOf(runOn(transport, target, ""));
    assert.equal(failure.code, "host-key-unknown");
    assert.match(failure.message, /SHA256:\S+, is new and cannot be learnt: .*\/sys\/essay.*; for keys/);
    await until("the end of the connection", () => processesOf(started.host(0).uid).length === 0);
    const careless = transportFor(t, lab, "UserKnownHostsFile /dev/null", true);
    assert.equal((await runOn(careless, target, "exit 3")).status, 3);
  });
});
