import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Configuration } from "../../lib/config/schema.js";
import { Settings } from "../../lib/config/settings.js";
import { examineHost, type HostRecord } from "../../lib/doctor-hosts.js";
import { openDirectly } from "../../lib/transport/open.js";
import { scratch } from "../lab/program.js";

/** "VERDICT CHECK FOUND" of what is found on this machine, but for room, clock and the files of pip. */
async function examined(t: TestContext, record: Partial<HostRecord>, values: Configuration = {}) {
  const transport = openDirectly({ config: undefined, acceptNew: false });
  t.after(() => transport.close());
  const settings = new Settings({ values, file: undefined, directory: "/", projectName: undefined });
  const task = { signal: new AbortController().signal, plan: true, show: undefined };
  const all = { host: "@local", transport: "local", ...record } as HostRecord;
  return (await examineHost(transport, settings, all, "@local", task))
    .filter(({ check }) => !["disk", "tmp", "clock", "pip.conf", "python"].includes(check))
    .map(({ verdict, check, found }) => `${verdict} ${check} ${found}`);
}

test("a host is looked at, and nothing is made there", async (t) => {
  const home = scratch(t);
  const [reach = "", ...found] = await examined(t, { prefix: join(home, "x/y") });
  assert.match(reach, /^ok reach as \S+$/);
  assert.match(
    found.join("\n"),
    /^ok prefix \S+\/x\/y is not there yet, and \S+ can make it\nok venvs none yet$/,
  );
  assert.deepEqual(readdirSync(home), []);
});

test("a virtualenv that was cut short, and one that is broken", async (t) => {
  const prefix = scratch(t);
  mkdirSync(join(prefix, "a/.essay"), { recursive: true });
  writeFileSync(join(prefix, "a/.essay/changing"), "es-pip by ann\n");
  mkdirSync(join(prefix, "b"));
  writeFileSync(join(prefix, "b/pyvenv.cfg"), "");
  const found = await examined(t, { prefix });
  assert.ok(found.includes("wrong venv a change of a was cut short: es-pip by ann"), found.join("\n"));
  assert.ok(found.includes("wrong venv b is broken"), found.join("\n"));
});

test("a place for virtualenvs that cannot be one", async (t) => {
  const file = join(scratch(t), "file");
  writeFileSync(file, "");
  const found = await examined(t, { prefix: `${file}/x` });
  assert.ok(found.includes(`wrong prefix ${file}/x is, or is below, what is no directory`), found.join("\n"));
});

test("an nginx is looked for on balancers only", async (t) => {
  const home = scratch(t);
  const values = { nginx: { role: "lb", bin: join(home, "nginx") } };
  const asked = (roles: string[]) => examined(t, { prefix: home, roles }, values);
  assert.ok(!(await asked(["web"])).some((line) => line.includes("nginx")));
  const found = await asked(["lb"]);
  assert.match(found.at(-1) ?? "", /^wrong nginx nginx-missing: there is no program/);
});
