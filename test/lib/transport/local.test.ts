import assert from "node:assert/strict";
import { once } from "node:events";
import { userInfo } from "node:os";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { LocalTransport } from "../../../lib/transport/local.js";
import { program } from "../../lab/program.js";
import { LocalWith } from "../../lab/shells.js";

const local = new LocalTransport();

test("a command has three streams, the home directory, and a status", async () => {
  const channel = await local.start({}, 'cat; pwd >&2; printf "%s" "$HOME" >&2; exit 3');
  channel.stdin.end("in");
  const [out, err] = await Promise.all([text(channel.stdout), text(channel.stderr)]);
  assert.equal(out, "in");
  assert.equal(err, `${process.env.HOME}\n${process.env.HOME}`);
  assert.deepEqual(await channel.ended, { status: 3, signal: null });
});

test("a command is not told what belongs to this run: a daemon would keep it", async (t) => {
  process.env.ESSAY_SESSION = "/nowhere";
  t.after(() => delete process.env.ESSAY_SESSION);
  const channel = await local.start({}, 'printf "%s" "${ESSAY_SESSION-none}"; printf "%s" "$PATH" >&2');
  channel.stdin.end();
  const [out, err] = await Promise.all([text(channel.stdout), text(channel.stderr)]);
  assert.equal(out, "none");
  assert.equal(err, process.env.PATH);
});

test("a command that a signal ends says which", async () => {
  const channel = await local.start({}, "kill -TERM $$");
  channel.stdout.resume();
  channel.stderr.resume();
  assert.deepEqual(await channel.ended, { status: null, signal: "TERM" });
});

test("a command has a process group of its own", async () => {
  const channel = await local.start({}, "kill -TERM 0; sleep 1000");
  assert.deepEqual(await channel.ended, { status: null, signal: "TERM" });
});

test("the end is known although a child holds the output open", async () => {
  const channel = await local.start({}, "sleep 1000 & echo $!");
  const [pid] = await once(channel.stdout, "data");
  assert.deepEqual(await channel.ended, { status: 0, signal: null });
  process.kill(Number(pid));
  channel.destroy();
});

test("without a home directory that is there, a command begins in /", async () => {
  for (const [home, begins] of [
    ["/no/such/home", "/"],
    ["/dev/null", "/"],
    [undefined, userInfo().homedir],
    ["", userInfo().homedir],
  ] as const) {
    const channel = await new LocalWith({ HOME: home }).start({}, "pwd");
    const said = await text(channel.stdout);
    assert.deepEqual([said, (await channel.ended).status], [`${begins}\n`, 0], `HOME=${home}`);
  }
});

test("where no further file can be opened, it is said how to go on", async () => {
  const url = JSON.stringify(new URL("../../../lib/transport/local.js", import.meta.url).href);
  const code = `
    import { openSync } from "node:fs";
    const { LocalTransport } = await import(${url});
    try { for (;;) openSync("/dev/null"); } catch {}
    await new LocalTransport().start({}, "true").catch(({ code, message }) => console.log(code, message));`;
  const script = 'ulimit -n 40; exec "$0" --input-type=module -e "$1"';
  const ran = await program("sh", ["-c", script, process.execPath, code]);
  assert.match(ran.stdout, /^too-many-hosts no further file can be opened .*raise the limit/, ran.report);
});
