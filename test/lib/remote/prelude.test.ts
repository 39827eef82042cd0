import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { describe, test } from "node:test";
import type { Channel, Target, Transport } from "../../../lib/transport/contract.js";
import { runBody } from "../../lab/body.js";
import {
  identity,
  kill,
  processesOfSession,
  processesThatHave,
  sessionOf,
  until,
} from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";
import { LocalWith, pathOf, shells } from "../../lab/shells.js";

/** A way on which heartbeats are lost. */
class Mute implements Transport {
  readonly #way: Transport;
  constructor(way: Transport) {
    this.#way = way;
  }
  async start(target: Target, command: string, signal: AbortSignal): Promise<Channel> {
    const channel = await this.#way.start(target, command, signal);
    const stdin = new PassThrough();
    stdin.on("data", (chunk: Buffer) => chunk.length > 1 && channel.stdin.write(chunk));
    return { ...channel, stdin };
  }
  async close(): Promise<void> {}
}

/** Some bytes, and then no more, without an end. */
async function* never(begin: Buffer) {
  yield begin;
  await new Promise(() => {});
}

const gone = (pid: string | undefined) => identity(Number(pid)) === undefined;

// At once, because some wait for what ends late.
describe("the prelude", { concurrency: true }, () => {
  for (const shell of [...shells, "bash"] as const) {
    test(`${shell}: results, failures, and output of tools are kept apart`, async () => {
      const transport = new LocalWith({ PATH: pathOf(shell) });
      const ran = await runBody(
        'echo tool; printf "x\\ty\\n" >&2; result a 1; fail no-such "it failed"; result b 2',
        {
          transport,
        },
      );
      assert.equal(ran.status, 1, ran.stderr);
      assert.equal(ran.stderr, "tool\nx\ty\n");
      assert.equal(ran.results.get("a"), "1");
      assert.equal(ran.results.get("error-code"), "no-such");
      assert.equal(ran.results.get("error-message"), "it failed");
      assert.equal(ran.results.get("b"), undefined);
    });

    test(`${shell}: the status is the script's own, and a failing command ends it`, async () => {
      const transport = new LocalWith({ PATH: pathOf(shell) });
      assert.equal((await runBody("exit 255", { transport })).status, 255);
      const failed = await runBody("result a 1; false; result b 2", { transport });
      assert.equal(failed.status, 1);
      assert.equal(failed.results.get("b"), undefined);
      assert.equal((await runBody("kill -KILL $$", { transport })).signal, "KILL");
      const atItsEnd = `trap 's=$?; true; essay_leave "$s"' EXIT; exit 7`;
      assert.equal((await runBody(atItsEnd, { transport })).status, 7);
    });

    test(`${shell}: ~ is HOME, otherwise the home that the system knows, otherwise a failure`, async (t) => {
      const body = 'expand_home "$1"; result at "$expanded"; result home "$(sh -c \'echo "${HOME-}"\')"';
      const expand = async (path: string, environment: NodeJS.ProcessEnv) => {
        const transport = new LocalWith({ PATH: pathOf(shell), ...environment });
        return await runBody(body, { transport, args: [path] });
      };
      const { homedir } = userInfo();
      for (const [path, HOME, expanded] of [
        ["~/a b", "/srv/x", "/srv/x/a b"],
        ["~", "/srv/x", "/srv/x"],
        ["~/a", undefined, `${homedir}/a`],
        ["~/a", "", `${homedir}/a`],
        ["~a", undefined, "~a"],
        ["/a/~", undefined, "/a/~"],
      ] as const) {
        const ran = await expand(path, { HOME });
        assert.equal(ran.status, 0, ran.stderr);
        assert.equal(ran.results.get("at"), expanded);
        assert.equal(ran.results.get("home"), HOME || homedir);
      }
      const directory = scratch(t);
      for (const name of ["nobody-has-this-name", "x$(echo y)", "12 34"]) {
        writeFileSync(join(directory, "id"), `#!/bin/sh\necho '${name}'\n`, { mode: 0o755 });
        const nowhere = { HOME: undefined, PATH: `${directory}:${pathOf(shell)}` };
        const failed = await expand("~/a", nowhere);
        assert.deepEqual([failed.status, failed.results.get("error-code")], [1, "no-home"], failed.stderr);
        assert.match(failed.results.get("error-message") ?? "", /^~\/a needs a home directory/);
        assert.equal((await expand("/a", nowhere)).results.get("at"), "/a");
      }
    });

    test(`${shell}: a change is said, and made only when it is no dry run`, async (t) => {
      const transport = new LocalWith({ PATH: pathOf(shell) });
      const directory = scratch(t);
      const body = 'if change "file made"; then : >"$1/made"; fi';
      const planned = await runBody(body, { transport, args: [directory], plan: true });
      assert.deepEqual([planned.status, planned.results.get("change")], [0, "file made"]);
      assert.ok(!existsSync(join(directory, "made")));
      await runBody(body, { transport, args: [directory] });
      assert.ok(existsSync(join(directory, "made")));
    });

    for (const size of [0, 1, 65_535, 65_536, 300_000])
      test(`${shell}: a payload of ${size} bytes comes whole, and goes with the script`, async () => {
        const transport = new LocalWith({ PATH: pathOf(shell) });
        const payload = Buffer.alloc(size, "\0\n\xff$'a", "latin1");
        const ran = await runBody(
          'result sum "$(sha256sum <"$payload")"; result mode "$(stat -c %a "$payload")"; result at "$payload"',
          {
            transport,
            payload,
          },
        );
        assert.equal(ran.status, 0, ran.stderr);
        assert.equal(
          ran.results.get("sum")?.slice(0, 64),
          createHash("sha256").update(payload).digest("hex"),
        );
        assert.equal(ran.results.get("mode"), "600");
        assert.ok(!existsSync(ran.results.get("at") as string));
      });

    for (const victim of ["script", "watcher", "dd"] as const)
      test(`${shell}: the ${victim} is killed while a payload comes, and no file of it stays`, async (t) => {
        const directory = scratch(t);
        const transport = new LocalWith({ PATH: pathOf(shell), TMPDIR: directory });
        const payload = { size: 2 ** 20, open: () => Readable.from(never(Buffer.alloc(2 ** 17))) };
        const ran = runBody("result begun 1", { transport, payload });
        const reader = () =>
          readdirSync(directory).flatMap((name) => processesThatHave(join(directory, name, "payload")));
        await until("the payload", () => reader().length > 0);
        const [dd = 0] = reader();
        const script = sessionOf(dd);
        const all = processesOfSession(script);
        kill(
          victim === "dd"
            ? [dd]
            : victim === "script"
              ? [script]
              : all.filter((pid) => pid !== script && pid !== dd),
        );
        const { status, signal, results } = await ran;
        assert.deepEqual(
          [results.get("begun"), status, signal],
          victim === "script" ? [undefined, null, "KILL"] : [undefined, 1, null],
        );
        await until("the end of all", () => processesOfSession(script).length === 0);
        assert.deepEqual(readdirSync(directory), []);
      });

    test(`${shell}: cancelling ends the script and what it started, and takes its files away`, async (t) => {
      const directory = scratch(t);
      const transport = new LocalWith({ PATH: pathOf(shell), TMPDIR: directory });
      const cancel = new AbortController();
      let pids: string[] = [];
      const ran = runBody(
        `scratch; : >"$essay_scratch/file"
      sh -c 'sleep 1000 & wait' & result pid "$!"
      result pid "$$"; sleep 1000`,
        {
          transport,
          signal: cancel.signal,
          heard: (results) => {
            pids = [...results.all("pid")];
            if (pids.length === 2) cancel.abort(new Error("enough"));
          },
        },
      );
      await assert.rejects(ran, /enough/);
      await until("the end of the script's processes", () => pids.length === 2 && pids.every(gone));
      assert.deepEqual(readdirSync(directory), []);
    });

    test(`${shell}: what may hold a lock and hears nothing for 8 s ends with all that it started; others take their time`, async (t) => {
      const directory = scratch(t);
      const transport = new LocalWith({ PATH: pathOf(shell), TMPDIR: directory });
      const begin = `scratch; result pid "$$"; result pid "$essay_watcher"; result pid "$essay_clock"
      sh -c 'sleep 1000 & wait' & result pid "$!"`;
      const parts = ["state"];
      const [lost, heard] = await Promise.all([
        runBody(`${begin}; sleep 1000`, { parts, transport: new Mute(transport) }),
        runBody(`${begin}; sleep 11; kill "$!"`, { parts, transport }),
      ]);
      assert.deepEqual([heard.status, heard.results.get("error-code")], [0, undefined], heard.stderr);
      assert.deepEqual([lost.status, lost.results.get("error-code")], [1, "connection-lost"], lost.stderr);
      assert.match(lost.results.get("error-message") ?? "", /no sign of life came for 8 s/);
      const pids = [...lost.results.all("pid"), ...heard.results.all("pid")];
      assert.equal(pids.length, 8);
      await until("the end of all", () => pids.every(gone));
      await until("the removal of their files", () => readdirSync(directory).length === 0);
    });

    test(`${shell}: what ends at once leaves no clock`, async () => {
      const transport = new LocalWith({ PATH: pathOf(shell) });
      const body = 'result pid "$essay_clock"';
      const all = await Promise.all(
        Array.from({ length: 20 }, () => runBody(body, { parts: ["state"], transport })),
      );
      const pids = all.map(({ results }) => results.get("pid"));
      assert.ok(pids.every((pid) => Number(pid) > 0));
      // One that has not heard of the end goes on for 8 s, and then for 5 s more.
      await until("the end of all clocks", () => pids.every(gone), 5000);
    });

    for (const place of ["foreground", "background"])
      test(`${shell}: what does not want to end in the ${place} is killed, files are taken away`, async (t) => {
        const directory = scratch(t);
        const transport = new LocalWith({ PATH: pathOf(shell), TMPDIR: directory });
        const cancel = new AbortController();
        let pid: string | undefined;
        const stubborn = `sh -c 'trap "" TERM; printf "pid\t%s\n" "$$" >&3; sleep 1000; sleep 1000; sleep 1000'`;
        const ran = runBody(`scratch; ${stubborn} ${place === "background" ? "& wait" : ""}`, {
          transport,
          signal: cancel.signal,
          heard: (results) => {
            pid = results.get("pid");
            cancel.abort(new Error("enough"));
          },
        });
        await assert.rejects(ran, /enough/);
        await until("the end of the stubborn process", () => gone(pid));
        await until("the removal of its files", () => readdirSync(directory).length === 0);
      });

    test(`${shell}: a daemon outlives the script and holds none of its descriptors`, async (t) => {
      const transport = new LocalWith({ PATH: pathOf(shell) });
      const directory = scratch(t);
      const ran = await runBody(
        `exec 9>"$1/lock"
      daemon sh -c '(ls -l /proc/self/fd >"$1/fds"; exec sleep 1000) & echo $! >"$1/pid"' sh "$1" >/dev/null 2>&1
      while [ ! -s "$1/fds" ]; do sleep 0.1; done`,
        { transport, args: [directory] },
      );
      assert.equal(ran.status, 0, ran.stderr);
      const pid = Number(readFileSync(join(directory, "pid"), "utf8"));
      assert.notEqual(identity(pid), undefined);
      process.kill(pid);
      const open = readFileSync(join(directory, "fds"), "utf8")
        .split("\n")
        .filter((line) => / -> /.test(line));
      const inherited = open.filter((line) => / [3-9] -> (?!\/proc\/)/.test(line));
      assert.deepEqual(inherited, [], open.join("\n"));
    });

    test(`${shell}: a script that ends leaves no watcher`, async () => {
      const transport = new LocalWith({ PATH: pathOf(shell) });
      const ran = await runBody('result watcher "$essay_watcher"', { transport });
      assert.ok(ran.results.get("watcher"));
      await until("the end of the watcher", () => gone(ran.results.get("watcher")));
    });
  }
});
