// What three balancers come to when the network between them and the control machine is cut in the middle of a switch:
// nobody is told, and connections only fall silent.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  allBack,
  type Balanced,
  balanced,
  goneBack,
  leftovers,
  letTimeGoBy,
  type Point,
  points,
  recordsFor,
  stopAt,
  switching,
  users,
} from "../lab/balanced.js";
import type { FaultProxy } from "../lab/fault-proxy.js";
import { until } from "../lab/processes.js";
import { recordsOf } from "../lab/program.js";
import { proxied } from "../lab/proxied.js";

// What is silent for two seconds is taken for dead.
const patience = "ConnectTimeout 2\nServerAliveInterval 1\nServerAliveCountMax 2\n";

/** Three balancers, and a network to them that can be cut; users reach them all the same. */
async function behindNetwork(t: TestContext): Promise<{ lab: Balanced; proxy: FaultProxy }> {
  const lab = await balanced(t);
  const { proxy, port, sshConfig } = await proxied(lab.ssh);
  t.after(() => proxy.stop());
  const config = join(lab.ssh.directory, "ssh_config-impatient");
  writeFileSync(config, `${patience}Include ${sshConfig}\n`);
  const flags = lab.flags.map((flag) => (flag === lab.ssh.sshConfig ? config : flag));
  return { lab: { ...lab, flags, input: recordsFor(lab.hosts, port) }, proxy };
}

test("a network that is cut at each point: all go back by themselves", async (t) => {
  const { lab, proxy } = await behindNetwork(t);
  const stop = users(t, lab);
  for (const point of points)
    await t.test(point.what, async () => {
      const { child, closed } = await switching(t, lab, point, ["--confirm", "60"]);
      proxy.cut([0, 1, 2]);
      // What has begun there comes to its end, and tells nobody; nor is it told that the control machine has gone.
      stopAt(lab, [], "");
      child.kill("SIGKILL");
      await closed;
      letTimeGoBy(lab);
      const notes = () => leftovers(lab).filter((name) => !name.endsWith(".essay-lock"));
      await until("all to go back", () => notes().length === 0, 40_000);
      // The locks go when no sign of life has come for long, or when the network tells.
      proxy.cut([]);
      await goneBack(lab, point.what);
    });
  await stop();
});

test("one balancer is cut off: the others are taken back at once, and that one goes back by itself", async (t) => {
  const { lab, proxy } = await behindNetwork(t);
  const stop = users(t, lab);
  const { closed, seen } = await switching(t, lab, points[3] as Point, ["--confirm", "5"]);
  proxy.cut([2]);
  stopAt(lab, [], "");
  const [status] = await closed;
  assert.equal(status, 1, seen.stderr);
  const errors = recordsOf(seen.stdout).map(({ error }) => error);
  assert.deepEqual(
    errors.map(({ code }) => code),
    ["undone", "undone", "undo-failed"],
    seen.stderr,
  );
  assert.match(errors[0].message, /nginx was reloaded, upstreamA is served$/);
  assert.match(
    errors[2].message,
    /going back failed, too: .* it goes back by itself within 5 s, or run es-nginx-switch --recover/,
  );
  await goneBack(lab, seen.stderr);
  proxy.cut([]);
  await allBack(lab, seen.stderr);
  await stop();
});
