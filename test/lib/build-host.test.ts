import assert from "node:assert/strict";
import { test } from "node:test";
import { type BuildHost, onBuildHost } from "../../lib/build-host.js";
import { Settings } from "../../lib/config/settings.js";

async function hostFor(on: string | undefined, values = {}): Promise<BuildHost> {
  const settings = new Settings({ file: "essay.toml", directory: "/", values, projectName: undefined });
  let found: BuildHost | undefined;
  const flags = { on, "ssh-config": undefined, ssh: undefined, "accept-new": false };
  await onBuildHost(flags, settings, async (host) => {
    found = host;
    return 0;
  });
  return found as BuildHost;
}

test("the machine is this one, or what the flag or the configuration names", async () => {
  const roles = { make: ["ci@build1.example.com:2222", "build2.example.com"], here: ["@local"] };
  const names = async (on: string | undefined, values = {}) => (await hostFor(on, values)).name;
  assert.equal(await names(undefined), "this machine");
  assert.equal(await names(undefined, { build: { on: "make" }, roles }), "ci@build1.example.com:2222");
  assert.equal(await names("10.0.0.7", { build: { on: "make" }, roles }), "10.0.0.7");
  assert.equal(await names("make", { roles }), "ci@build1.example.com:2222");
  assert.equal(await names("build", { roles }), "build", "a host of ssh's own configuration");
  for (const on of ["@local", "here"]) {
    const host = await hostFor(on, { roles });
    assert.deepEqual([host.name, host.isHere], ["this machine", true]);
  }
  await assert.rejects(names("build[1-2].example.com"), { message: /one host.*names 2/ });
  await assert.rejects(names("ci@:22"), { message: /is not the name or address of a host/ });
});

test("a script runs there and its output comes back", async () => {
  const host = await hostFor(undefined);
  const script = { parts: ["../../test/lib/transport/stream"], args: ["1024", "well"], code: "it-failed" };
  const task = { signal: new AbortController().signal, plan: false, show: undefined };
  const size = await host.run(script, task, async (output) => {
    await output.result();
    return (await output.result()).value;
  });
  assert.equal(size, "1024");
});
