import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, test } from "node:test";
import type { Job, Target, Transport } from "../../../lib/transport/contract.js";
import { execute } from "../../../lib/transport/execute.js";
import { runScript } from "../../../lib/transport/run-script.js";
import { SshTransport } from "../../../lib/transport/ssh.js";
import { type BodyRun, runBody } from "../../lab/body.js";
import { processesOf, until } from "../../lab/processes.js";
import { program, scratch } from "../../lab/program.js";
import { failureOf, labFor, targetOf, transportFor } from "../../lab/reach.js";
import { startSshd } from "../../lab/sshd.js";

const odd = ["", "it's", '"$(id)"`id`', "a\nb\n", "\t\\ !history %s", "é😀", "--", "-n", "x".repeat(5000)];
const say = ["../../test/lib/transport/say"];
const calm = { signal: new AbortController().signal, plan: false, show: undefined };

/** Output that start-up files of shells must not spoil. */
const noisy = "printf 'a banner without end'; echo more noise >&2\n";

const runOn = (
  transport: Transport,
  target: Target,
  body: string,
  run: Omit<BodyRun, "transport" | "target"> = {},
) => runBody(body, { transport, target, ...run });

describe("login shells with noisy start-up files", () => {
  const shells = ["/bin/sh", "/bin/bash", "/usr/bin/zsh", "/usr/bin/fish", "/usr/bin/csh", "busybox"];
  const startup = [
    ".profile",
    ".bashrc",
    ".bash_profile",
    ".zshenv",
    ".zshrc",
    ".config/fish/config.fish",
    ".cshrc",
    ".login",
  ];
  // sshd names a shell by its file, and busybox is what it is called.
  const directory = mkdtempSync("/tmp/essay-shells-");
  chmodSync(directory, 0o755);
  symlinkSync("/bin/busybox", join(directory, "sh"));
  after(() => rmSync(directory, { recursive: true }));
  const files = shells.map((shell) => (shell === "busybox" ? join(directory, "sh") : shell));
  const started = labFor({ hosts: shells.length, shells: files });

  for (const [place, shell] of shells.entries())
    test(`${shell}: odd arguments, a payload of 300,000 bytes, failures, cancelling`, async (t) => {
      const host = started.host(place);
      for (const file of startup) {
        const path = join(host.home, file);
        mkdirSync(dirname(path), { recursive: true });
        const text = file.includes("csh") || file === ".login" ? "printf 'a banner without end'\n" : noisy;
        writeFileSync(path, text);
        chownSync(path, host.uid, host.gid);
      }
      const transport = transportFor(t, started.lab);
      const target = targetOf(host);
      const bytes = randomBytes(300_000);
      const payload = { size: bytes.length, open: () => Readable.from([bytes]) };
      const script = { parts: say, args: odd, payload, code: "it-failed" };
      const results = await runScript(transport, target, script, calm);
      assert.deepEqual(results.all("argument"), odd);
      assert.equal(results.get("sum")?.slice(0, 64), createHash("sha256").update(bytes).digest("hex"));

      const failed = await failureOf(
        runScript(transport, target, { parts: say, args: ["fail"], code: "it-failed" }, calm),
      );
      assert.deepEqual([failed.code, failed.details.exit], ["it-failed", 9]);
      assert.match(failed.details.stderr ?? "", /the tool's last words$/);

      const cancel = new AbortController();
      const cancelled = runOn(transport, target, "sleep 1000 & result pid $!; sleep 1000", {
        signal: cancel.signal,
        heard: () => cancel.abort(new Error("enough")),
      });
      await assert.rejects(cancelled, /enough/);
      await transport.close();
      await until("the end of all the user's processes", () => processesOf(host.uid).length === 0);
    });
});

describe("one host", () => {
  const started = labFor({ hosts: 2, become: true });

  test("exit 255, signals, a status that is no surprise", async (t) => {
    const transport = transportFor(t, started.lab);
    const target = targetOf(started.host(0));
    assert.deepEqual((await runOn(transport, target, "exit 255")).status, 255);
    const killed = await runOn(transport, target, "kill -KILL $$");
    assert.deepEqual([killed.status, killed.signal], [null, "KILL"]);
    const failure = await failureOf(
      runScript(transport, target, { parts: say, args: ["die"], code: "it-failed" }, calm),
    );
    assert.deepEqual([failure.code, failure.details.signal], ["it-failed", "SIGKILL"]);
    for (let times = 0; times < 20; times++)
      assert.equal(
        (await runOn(transport, target, `result number ${times}`)).results.get("number"),
        `${times}`,
      );
  });

  test("10 MB of binary output on both streams", async (t) => {
    const transport = transportFor(t, started.lab);
    const hash = createHash("sha256");
    let out = 0;
    let err = 0;
    const job: Job = {
      program: "echo ready; head -c 10000000 /dev/zero | tr '\\0' '\\377' >&2; head -c 10000000 /dev/zero",
      ready: "ready",
      become: undefined,
      payload: undefined,
      signal: calm.signal,
      stdout: async (chunk) => {
        out += chunk.length;
        hash.update(chunk);
      },
      stderr: (chunk) => {
        err += chunk.length;
      },
    };
    const { status } = await execute(transport, targetOf(started.host(0)), job);
    assert.deepEqual([status, out, err], [0, 10_000_000, 10_000_000]);
    assert.equal(hash.digest("hex"), createHash("sha256").update(Buffer.alloc(10_000_000)).digest("hex"));
  });

  test("a child that keeps the output open does not hang the step, a daemon lives on", async (t) => {
    const host = started.host(1);
    const transport = transportFor(t, started.lab);
    const ran = await runOn(
      transport,
      targetOf(host),
      "sleep 1000 & result pid $!\nresult pid \"$(daemon sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!')\"",
    );
    assert.equal(ran.status, 0);
    await transport.close();
    const pids = ran.results.all("pid").map(Number);
    for (const pid of pids) assert.ok(processesOf(host.uid).includes(pid), `${pid} has gone`);
    for (const pid of pids) process.kill(pid);
    await until("the end of the rest", () => processesOf(host.uid).length === 0);
  });

  test("many commands at once share one connection, more of them than sessions", async (t) => {
    const transport = transportFor(t, started.lab);
    const target = targetOf(started.host(0));
    const ran = await Promise.all(
      Array.from({ length: 25 }, () => runOn(transport, target, 'result from "$SSH_CONNECTION"; sleep 0.2')),
    );
    assert.equal(new Set(ran.map(({ results }) => results.get("from"))).size, 1);
  });

  test("cancelling one command leaves the others of its connection alone", async (t) => {
    const transport = transportFor(t, started.lab);
    const target = targetOf(started.host(0));
    const cancel = new AbortController();
    const heard = () => cancel.abort(new Error("enough"));
    const other = runOn(transport, target, "sleep 1; result well done");
    await assert.rejects(
      runOn(transport, target, "result x y; sleep 1000", { signal: cancel.signal, heard }),
      /enough/,
    );
    assert.equal((await other).results.get("well"), "done");
  });

  test("one waiter that is aborted while the connection opens does not end it for the others", async (t) => {
    const transport = transportFor(t, started.lab);
    const target = targetOf(started.host(0));
    const cancel = new AbortController();
    const aborted = runOn(transport, target, "exit 3", { signal: cancel.signal });
    const other = runOn(transport, target, "exit 4");
    setImmediate(() => cancel.abort(new Error("enough")));
    await assert.rejects(aborted, /enough/);
    assert.equal((await other).status, 4);
    // The only waiter gives up, and the next one starts afresh.
    const alone = transportFor(t, started.lab);
    const again = new AbortController();
    const lonely = runOn(alone, target, "exit 3", { signal: again.signal });
    setImmediate(() => again.abort(new Error("enough")));
    await assert.rejects(lonely, /enough/);
    assert.equal((await runOn(alone, target, "exit 5")).status, 5);
  });

  test("killed with -9, the control process leaves nothing on the host", async (t) => {
    const host = started.host(1);
    const url = (path: string) =>
      JSON.stringify(new URL(`../../../lib/transport/${path}`, import.meta.url).href);
    const code = `
      const { SshTransport } = await import(${url("ssh.js")});
      const { runScript } = await import(${url("run-script.js")});
      const transport = new SshTransport({ config: ${JSON.stringify(started.lab.sshConfig)}, acceptNew: false });
      const run = { parts: ${JSON.stringify(say)}, args: ["sleep"], code: "x", stdout: (chunk) => process.stdout.write(chunk) };
      const task = { signal: new AbortController().signal, plan: false };
      await runScript(transport, ${JSON.stringify(targetOf(host))}, run, task);`;
    const control = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => control.kill("SIGKILL"));
    await once(control.stdout, "data");
    assert.notEqual(processesOf(host.uid).length, 0);
    control.kill("SIGKILL");
    await until("the end of all the user's processes", () => processesOf(host.uid).length === 0);
  });

  for (const terminal of ["!use_pty", "use_pty"])
    test(`becoming another account, with sudo's ${terminal}: results, payload, cancelling`, async (t) => {
      const { app, directory } = started.lab;
      const host = started.host(0);
      assert.ok(app);
      const rules = `/etc/sudoers.d/${basename(directory)}`;
      appendFileSync(rules, `Defaults:${host.user} ${terminal}\n`);
      const transport = transportFor(t, started.lab);
      const target = targetOf(host);
      const payload = randomBytes(300_000);
      const ran = await runOn(
        transport,
        target,
        'result user "$(id -un)"; result sum "$(sha256sum <"$payload")"; exit 7',
        {
          become: app.name,
          payload,
        },
      );
      assert.deepEqual([ran.status, ran.results.get("user")], [7, app.name], ran.stderr);
      assert.equal(ran.results.get("sum")?.slice(0, 64), createHash("sha256").update(payload).digest("hex"));

      const cancel = new AbortController();
      const cancelled = runOn(transport, target, "sleep 1000 & result pid $!; sleep 1000", {
        become: app.name,
        signal: cancel.signal,
        heard: () => cancel.abort(new Error("enough")),
      });
      await assert.rejects(cancelled, /enough/);
      await until("the end of the account's processes", () => processesOf(app.uid).length === 0);
      await transport.close();
      await until("the end of the user's processes", () => processesOf(host.uid).length === 0);
    });

  test("a sudo that wants a password or a terminal, and an account that is none", async (t) => {
    const { app, directory } = started.lab;
    assert.ok(app);
    const transport = transportFor(t, started.lab);
    const script = { parts: say, args: [], code: "it-failed" };
    const become = (place: number, name: string) =>
      failureOf(runScript(transport, { ...targetOf(started.host(place)), become: name }, script, calm));
    const password = await become(0, "root");
    assert.equal(password.code, "become-failed");
    assert.match(password.message, /cannot become root.*password/);
    const nobody = await become(0, "no-such-account");
    assert.equal(nobody.code, "become-failed");
    assert.match(nobody.message, /unknown user/);
    appendFileSync(`/etc/sudoers.d/${basename(directory)}`, `Defaults:${started.host(1).user} requiretty\n`);
    const terminal = await become(1, app.name);
    assert.equal(terminal.code, "become-failed");
    assert.match(terminal.message, /tty/);
  });

  test("a script that only looks runs as the login account", async (t) => {
    const transport = transportFor(t, started.lab);
    const target = { ...targetOf(started.host(0)), become: "no-such-account" };
    await runScript(transport, target, { parts: say, args: [], looks: true, code: "it-failed" }, calm);
  });

  test("a host without a POSIX shell for us", async (t) => {
    const lab = await startSshd({ hosts: 1, shells: ["/bin/false"] });
    t.after(() => lab.stop());
    const [host] = lab.hosts;
    assert.ok(host);
    const script = { parts: say, args: [], code: "it-failed" };
    const failure = await failureOf(runScript(transportFor(t, lab), targetOf(host), script, calm));
    assert.deepEqual([failure.code, failure.details.exit], ["exec-failed", 1]);
  });
});

describe("host keys and log-ins", () => {
  const started = labFor({ hosts: 4, wrongKey: [1], unknownKey: [2], refusing: [3] });
  const start = (transport: Transport, place: number) =>
    runOn(transport, targetOf(started.host(place)), "result well done").then(({ results }) =>
      results.get("well"),
    );

  test("a port where nobody listens", async (t) => {
    const failure = await failureOf(start(transportFor(t, started.lab), 3));
    assert.equal(failure.code, "refused");
    assert.match(failure.message, new RegExp(`${started.host(3).address}.*${started.lab.port}`));
  });

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
    const other = new SshTransport({ config, acceptNew: false });
    t.after(() => other.close());
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
