import assert from "node:assert/strict";
import { test } from "node:test";
import { confValue, newCredentials, type Supervised, variables } from "../../../lib/supervisor/variables.js";

const known: Supervised = {
  venv: { name: "a", path: "/srv/demo/a" },
  project: "demo",
  profile: "test",
  portPrefix: "880",
  bind: "127.0.0.1",
  processCount: "2",
  vars: { workers: 3 },
  credentials: { username: "u", password: "p" },
};

test("the variables of a template", () => {
  assert.deepEqual(variables(known), {
    run_root: "/srv/demo/a",
    venv_dir: "/srv/demo/a",
    virtualenv_name: "a",
    project: "demo",
    profile: "test",
    port: "880",
    bind: "127.0.0.1",
    process_count: "2",
    username: "u",
    password: "p",
    vars: { workers: 3 },
  });
});

test("values that would be more than one word of a command are refused", () => {
  for (const wrong of [
    { project: "a]\n[program:b" },
    { project: "../x" },
    { profile: "test --debug" },
    { profile: 'a"b' },
    { profile: "" },
    { portPrefix: "88a" },
    { bind: "127.0.0.1 --x" },
    { processCount: "0" },
    { processCount: "two" },
  ])
    assert.throws(() => variables({ ...known, ...wrong }), { code: "bad-argument" }, JSON.stringify(wrong));
  assert.equal(variables({ ...known, bind: "fe80::1%eth0" }).bind, "fe80::1%eth0");
  assert.equal(variables({ ...known, profile: undefined }).profile, undefined);
});

test("values in a supervisord.conf: % is doubled, what cannot be written is refused", () => {
  assert.equal(confValue("100% %(here)s", "a={{v}}"), "100%% %%(here)s");
  assert.equal(confValue("50%", "stdout_logfile = {{v}}/x.log"), "50%%%%");
  assert.equal(confValue("a;b#c, d", ""), "a;b#c, d");
  for (const value of ['"', "'", "\\", "; x", "a ;b", "a\t#b", "#"])
    assert.throws(() => confValue(value, ""), /^Error: has/);
});

test("credentials are letters and digits, and never the same", () => {
  const one = newCredentials();
  const other = newCredentials();
  assert.match(one.username, /^[a-z0-9]{21}$/);
  assert.match(one.password, /^[a-z0-9]{48}$/);
  assert.notEqual(one.username, other.username);
  assert.notEqual(one.password, other.password);
});
