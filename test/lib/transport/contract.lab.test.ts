// What the contract promises of every kind of transport, kept by both ways of ssh with real hosts.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
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
import type { Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, type TestContext, test } from "node:test";
import type { Job, Target } from "../../../lib/transport/contract.js";
import { execute } from "../../../lib/transport/execute.js";
import { runScript } from "../../../lib/transport/run-script.js";
import { runBody } from "../../lab/body.js";
import { processesOf, until } from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";
import { failureOf, labFor, targetOf, transportFor, type Way, ways } from "../../lab/reach.js";
import { type TcpServer, tcpServer } from "../../lab/tcp-server.js";

const say = ["../../test/lib/transport/say"];
const calm = { signal: new AbortController().signal, plan: false, show: undefined };
const odd = ["", "it's", '"$(id)"`id`', "a\nb\n", "\t\\ !history %s", "é😀", "--", "-n", "x".repeat(5000)];

const directory = mkdtempSync("/tmp/essay-contract-");
chmodSync(directory, 0o755);
after(() => rmSync(directory, { recursive: true }));

/** Words of ssh itself, said by the host. */
const banner = join(directory, "banner");
writeFileSync(
  banner,
  "Permission denied to strangers\nIdle sessions are timed out\nConnection refused by Connection closed by\nCould not resolve hostname\n",
);

/** Runs a test for both ways. */
function bothWays(name: string, body: (t: TestContext, way: Way) => Promise<void>) {
  for (const way of ways) test(`${name}, by ${way}`, (t) => body(t, way));
}

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
  symlinkSync("/bin/busybox", join(directory, "sh"));
  const files = shells.map((shell) => (shell === "busybox" ? join(directory, "sh") : shell));
  const started = labFor({ hosts: shells.length, shells: files, config: [`Banner ${banner}`] });

  for (const [place, shell] of shells.entries())
    bothWays(`${shell}: odd arguments, a payload, both outputs, failures, cancelling`, async (t, way) => {
      const host = started.host(place);
      for (const file of startup) {
        const path = join(host.home, file);
        mkdirSync(dirname(path), { recursive: true });
        const more = file.includes("csh") || file === ".login" ? "" : "; echo more noise >&2";
        writeFileSync(path, `printf 'a banner without end'${more}\n`);
        chownSync(path, host.uid, host.gid);
      }
      const transport = transportFor(t, started.lab, "", false, way);
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
      assert.equal((await runBody("exit 255", { transport, target })).status, 255);

      const cancel = new AbortController();
      const cancelled = runBody("sleep 1000 & result pid $!; sleep 1000", {
        transport,
        target,
        signal: cancel.signal,
        heard: () => cancel.abort(new Error("enough")),
      });
      await assert.rejects(cancelled, /enough/);
      await transport.close();
      await until("the end of all the user's processes", () => processesOf(host.uid).length === 0);
    });
});

describe("failures that keep a command from beginning", { concurrency: 4 }, () => {
  const started = labFor({
    hosts: 6,
    wrongKey: [1],
    unknownKey: [2],
    refusing: [3],
    shells: ["/bin/sh", "/bin/sh", "/bin/sh", "/bin/sh", "/bin/false"],
    config: [`Banner ${banner}`],
  });

  /** A host that cannot be used: how to get there, and how often it is tried. */
  interface Case {
    code: string;
    because: string;
    says: RegExp;
    target: (t: TestContext) => Promise<{ target: Target; lines?: string; tries?: TcpServer }>;
    connections?: number;
  }
  const lab = (place: number) => async () => ({ target: targetOf(started.host(place)) });
  const server = (accept: (socket: Socket) => void) => async (t: TestContext) => {
    const tries = await tcpServer(t, accept);
    return { target: { host: "127.0.0.1", port: tries.port }, lines: "ConnectTimeout 1", tries };
  };

  const cases: Case[] = [
    {
      code: "unresolved",
      because: "its name is nowhere",
      says: /no-such-host\.invalid/,
      target: async () => ({ target: { host: "no-such-host.invalid" } }),
    },
    { code: "refused", because: "nobody listens", says: /refuses connections/, target: lab(3) },
    {
      code: "timeout",
      because: "its server says nothing",
      says: /within 1 s|does not answer/,
      target: server(() => {}),
      connections: 1,
    },
    {
      code: "unreachable",
      because: "its server hangs up at once, as with MaxStartups",
      says: /hung up before the log-in/,
      target: server((socket) => socket.end("Exceeded MaxStartups\r\n")),
      connections: 4,
    },
    {
      code: "unreachable",
      because: "its server resets the connection",
      says: /hung up before the log-in/,
      target: server((socket) => socket.resetAndDestroy()),
      connections: 4,
    },
    {
      code: "unreachable",
      because: "its server speaks an old protocol",
      says: /[Pp]rotocol/,
      target: server((socket) => socket.write("SSH-1.5-old\r\n")),
      connections: 1,
    },
    {
      code: "host-key-unknown",
      because: "its key is in no file",
      says: /in no known_hosts file.*ED25519 SHA256:\S{43};.*--accept-new/,
      target: lab(2),
    },
    {
      code: "host-key-changed",
      because: "its key is another one",
      says: /ED25519 SHA256:\S{43}.*known_hosts line 2.*if the new key is right: ssh-keygen /,
      target: lab(1),
    },
    {
      code: "host-key-revoked",
      because: "its key is revoked",
      says: /ED25519 SHA256:\S{43}, is revoked.*: do not use/,
      target: async (t) => {
        const known = join(scratch(t), "revoked");
        const key = readFileSync(join(started.lab.directory, "keys/host.pub"), "utf8");
        const { address, port } = started.host(0);
        writeFileSync(known, `[${address}]:${port} ${key}@revoked * ${key}`);
        return { target: targetOf(started.host(0)), lines: `UserKnownHostsFile ${known}` };
      },
    },
    {
      code: "auth-failed",
      because: "it does not let this user in",
      says: /tried: \S+client\b.*; the server offers: publickey$/,
      target: async () => ({ target: { ...targetOf(started.host(0)), user: started.host(5).user } }),
    },
    {
      code: "exec-failed",
      because: "its login shell is none",
      says: /ran no POSIX shell|starts no command/,
      target: lab(4),
    },
  ];

  for (const { code, because, says, target, connections } of cases)
    bothWays(`${code}: ${because}`, async (t, way) => {
      const { target: host, lines, tries } = await target(t);
      const transport = transportFor(t, started.lab, lines, false, way);
      const script = { parts: say, args: [], code: "it-failed" };
      const failure = await failureOf(runScript(transport, host, script, calm));
      assert.equal(failure.code, code, failure.message);
      assert.match(failure.message, says);
      if (connections !== undefined) assert.equal(tries?.connections, connections, failure.message);
    });
});

describe("commands that run", () => {
  const started = labFor({ hosts: 2, become: true, config: ["RekeyLimit 20M"] });
  const reach = (t: TestContext, way: Way, place = 0) => ({
    transport: transportFor(t, started.lab, "", false, way),
    target: targetOf(started.host(place)),
  });

  bothWays("exit 255, and signals", async (t, way) => {
    const host = reach(t, way);
    const ended = async (body: string) => {
      const { status, signal } = await runBody(body, host);
      return [status, signal];
    };
    assert.deepEqual(await ended("exit 255"), [255, null]);
    assert.deepEqual(await ended("kill -KILL $$"), [null, "KILL"]);
    assert.deepEqual(await ended("kill -SEGV $$"), [null, "SEGV"]);
    const script = { parts: say, args: ["die"], code: "it-failed" };
    const failure = await failureOf(runScript(host.transport, host.target, script, calm));
    assert.deepEqual([failure.code, failure.details.signal], ["it-failed", "SIGKILL"]);
  });

  bothWays(
    "100 MB of bytes without an end of line, through changes of the session's keys",
    async (t, way) => {
      const { transport, target } = reach(t, way);
      const hash = createHash("sha256");
      let out = 0;
      let err = 0;
      const job: Job = {
        program: "echo ready; head -c 1000000 /dev/zero | tr '\\0' '\\377' >&2; head -c 100000000 /dev/zero",
        ready: "ready",
        become: undefined,
        payload: undefined,
        signal: calm.signal,
        stdout: (chunk) => {
          out += chunk.length;
          hash.update(chunk);
        },
        stderr: (chunk) => {
          err += chunk.length;
        },
      };
      const { status } = await execute(transport, target, job);
      assert.deepEqual([status, out, err], [0, 100_000_000, 1_000_000]);
      assert.equal(hash.digest("hex"), createHash("sha256").update(Buffer.alloc(100_000_000)).digest("hex"));
    },
  );

  bothWays("a child that keeps the output open does not hang the step, a daemon lives on", async (t, way) => {
    const host = reach(t, way, 1);
    const ran = await runBody(
      "sleep 1000 & result pid $!\nresult pid \"$(daemon sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!')\"",
      host,
    );
    assert.equal(ran.status, 0);
    await host.transport.close();
    const { uid } = started.host(1);
    const pids = ran.results.all("pid").map(Number);
    for (const pid of pids) assert.ok(processesOf(uid).includes(pid), `${pid} has gone`);
    for (const pid of pids) process.kill(pid);
    await until("the end of the rest", () => processesOf(uid).length === 0);
  });

  bothWays("many at once share one connection, more of them than sessions", async (t, way) => {
    const host = reach(t, way);
    const ran = await Promise.all(
      Array.from({ length: 15 }, () => runBody('result from "$SSH_CONNECTION"; sleep 0.2', host)),
    );
    assert.equal(new Set(ran.map(({ results }) => results.get("from"))).size, 1);
  });

  bothWays("cancelling one leaves the others of its connection alone", async (t, way) => {
    const host = reach(t, way);
    const cancel = new AbortController();
    const heard = () => cancel.abort(new Error("enough"));
    const other = runBody("sleep 1; result well done", host);
    const cancelled = runBody("result x y; sleep 1000", { ...host, signal: cancel.signal, heard });
    await assert.rejects(cancelled, /enough/);
    assert.equal((await other).results.get("well"), "done");
  });

  bothWays(
    "one waiter that is aborted while the connection opens does not end it for others",
    async (t, way) => {
      const host = reach(t, way);
      const cancel = new AbortController();
      const aborted = runBody("exit 3", { ...host, signal: cancel.signal });
      const other = runBody("exit 4", host);
      setImmediate(() => cancel.abort(new Error("enough")));
      await assert.rejects(aborted, /enough/);
      assert.equal((await other).status, 4);
      // The only waiter gives up, and the next one starts afresh.
      const alone = reach(t, way);
      const again = new AbortController();
      const lonely = runBody("exit 3", { ...alone, signal: again.signal });
      setImmediate(() => again.abort(new Error("enough")));
      await assert.rejects(lonely, /enough/);
      assert.equal((await runBody("exit 5", alone)).status, 5);
    },
  );

  bothWays("a connection that is lost: said so; the next command opens a new one", async (t, way) => {
    const host = reach(t, way);
    const { uid } = started.host(0);
    const isSshd = (pid: number) => readFileSync(`/proc/${pid}/comm`, "utf8") === "sshd\n";
    const heard = () => {
      for (const pid of processesOf(uid).filter(isSshd)) process.kill(pid, "SIGKILL");
    };
    const failure = await failureOf(runBody("result x y; sleep 1000", { ...host, heard }));
    assert.equal(failure.code, "connection-lost");
    assert.match(failure.message, /was lost.*; the script had begun there, and the host ends it$/);
    await until("the end of the user's processes", () => processesOf(uid).length === 0);
    assert.equal((await runBody("exit 3", host)).status, 3);
  });

  for (const terminal of ["!use_pty", "use_pty"])
    bothWays(`becoming another account, with sudo's ${terminal}: a payload, cancelling`, async (t, way) => {
      const { app } = started.lab;
      assert.ok(app);
      addRule(`Defaults:${started.host(0).user} ${terminal}`);
      const host = { ...reach(t, way), become: app.name };
      const payload = randomBytes(300_000);
      const body = 'result user "$(id -un)"; result sum "$(sha256sum <"$payload")"; exit 7';
      const ran = await runBody(body, { ...host, payload });
      assert.deepEqual([ran.status, ran.results.get("user")], [7, app.name], ran.stderr);
      assert.equal(ran.results.get("sum")?.slice(0, 64), createHash("sha256").update(payload).digest("hex"));

      const cancel = new AbortController();
      const cancelled = runBody("sleep 1000 & result pid $!; sleep 1000", {
        ...host,
        signal: cancel.signal,
        heard: () => cancel.abort(new Error("enough")),
      });
      await assert.rejects(cancelled, /enough/);
      await until("the end of the account's processes", () => processesOf(app.uid).length === 0);
      await host.transport.close();
      await until("the end of the user's processes", () => processesOf(started.host(0).uid).length === 0);
    });

  const addRule = (line: string) =>
    appendFileSync(`/etc/sudoers.d/${basename(started.lab.directory)}`, `${line}\n`);

  bothWays("a sudo that wants a password or a terminal, and an account that is none", async (t, way) => {
    const { app } = started.lab;
    assert.ok(app);
    addRule(`Defaults:${started.host(1).user} requiretty`);
    const transport = transportFor(t, started.lab, "", false, way);
    const script = { parts: say, args: [], code: "it-failed" };
    for (const [place, name, says] of [
      [0, "root", /cannot become root .*: sudo: a password is required/],
      [0, "no-such-account", /unknown user/],
      [1, app.name, /cannot become \S+ on .* by sudo -n: sudo: .*tty/],
    ] as const) {
      const target = { ...targetOf(started.host(place)), become: name };
      const failure = await failureOf(runScript(transport, target, script, calm));
      assert.equal(failure.code, "become-failed");
      assert.match(failure.message, says);
    }
    const looking = { ...targetOf(started.host(0)), become: "no-such-account" };
    await runScript(transport, looking, { ...script, looks: true }, calm);
  });
});
