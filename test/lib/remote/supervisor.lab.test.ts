import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Settings } from "../../../lib/config/settings.js";
import { askProcesses, type Wanted } from "../../../lib/host-check.js";
import { confFor } from "../../../lib/host-conf.js";
import { parseProcesses } from "../../../lib/supervisor/processes.js";
import { type Circumstances, runScript } from "../../../lib/transport/run-script.js";
import { identity, kill } from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";
import { LocalWith, pathOf, shells } from "../../lab/shells.js";
import { supervised, templateFor } from "../../lab/supervised.js";

const settings = new Settings({ file: undefined, directory: "/", values: {}, projectName: undefined });
const task: Circumstances = { signal: new AbortController().signal, plan: false, show: undefined };
const parts = ["state", "processes", "supervisord-rpc", "boot", "supervisor"];

for (const shell of shells)
  test(`the life of a supervisord under ${shell}, in a path with spaces, % and umlauts`, async (t) => {
    const { path, prefix, alive } = await supervised(t, join(scratch(t), "50% für a b"));
    const host = new LocalWith({ PATH: pathOf(shell) });
    const template = { source: "quick.conf", text: templateFor(1) };
    const flags = { project: "demo", profile: "test", processes: "2", "port-prefix": prefix };
    const venv = { name: "a", path };
    const run = async (verb: string, name: string, ...more: string[]) => {
      const args = [verb, path, name, "-", "-", "60", ...more];
      return runScript(host, {}, { parts, args, code: "supervisor-failed" }, task);
    };
    const up = async () => {
      const { payload, credentials, ports } = await confFor(settings, template, venv, flags, {});
      const args = [
        "up",
        path,
        "-",
        "-",
        "-",
        "60",
        credentials.username,
        credentials.password,
        ports,
        "-",
        "-",
      ];
      return runScript(host, {}, { parts, args, payload, code: "supervisor-failed" }, task);
    };

    const first = await up();
    assert.deepEqual(first.all("change"), ["supervisord started (first start)"]);
    const processes = parseProcesses(first.all("process"));
    assert.deepEqual(
      processes.map(({ name, state, port }) => [name, state, port]),
      [0, 1].map((last) => [`demo:demo_${last}`, "RUNNING", Number(`${prefix}${last}`)]),
    );
    assert.deepEqual((await up()).all("change"), []);

    const asks = [0, 1].map((last) => ({ name: `demo_${last}`, port: Number(`${prefix}${last}`) }));
    const deadline = 20_000;
    const wanted = {
      way: { kind: "http", path: "/" },
      deadline,
      host: "",
      status: 200,
      expect: "test",
      header: null,
    };
    const place = { address: "127.0.0.1", version: "", variables: {} };
    const record = { venv };
    const [page] = await askProcesses(host, record, asks.slice(0, 1), "host", wanted as Wanted, place, task);
    assert.deepEqual([page?.status, page?.ok, page?.wrong], [200, true, ""]);
    const command = {
      ...wanted,
      way: { kind: "command", words: ["sh", "-c", 'test "$ESSAY_PORT $A" = "$1 b"'] },
    };
    for (const outcome of await askProcesses(host, record, asks, "host", command as Wanted, place, task))
      assert.equal(outcome.status, 1);

    const restarted = parseProcesses((await run("restart", "demo_1")).all("process"));
    assert.equal(restarted[0]?.pid, processes[0]?.pid);
    assert.notEqual(restarted[1]?.pid, processes[1]?.pid);
    assert.deepEqual((await run("stop", "demo_1")).all("change"), ["demo:demo_1 stopped"]);
    assert.deepEqual((await up()).all("change"), ["demo:demo_1 started"]);

    let log = "";
    const show = (text: string) => {
      log += text;
    };
    const tail = { parts, args: ["tail", path, "demo_0", "-", "-", "60", "5"], code: "supervisor-failed" };
    await runScript(host, {}, tail, { ...task, show });
    assert.match(log, /^demo:demo_0\| starting with test$/m);

    kill([Number(readFileSync(join(path, "tmp/supervisord.pid"), "utf8"))]);
    assert.deepEqual((await up()).all("change"), ["supervisord started (it did not run)"]);
    assert.equal(identity(processes[0]?.pid as number), undefined);
    assert.deepEqual((await run("shutdown", "-")).all("change"), ["supervisord shut down"]);
    assert.deepEqual(alive(), []);
  });
