import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { processesOf, until } from "../../lab/processes.js";
import { labFor, targetOf } from "../../lab/reach.js";

const say = ["../../test/lib/transport/say"];

describe("one host", () => {
  const started = labFor({ hosts: 1 });

  test("killed with -9, the control process leaves nothing on the host", async (t) => {
    const host = started.host(0);
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
});
