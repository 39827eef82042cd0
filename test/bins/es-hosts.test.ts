import assert from "node:assert/strict";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { expectStatus, type RunOptions, recordsOf, scratch } from "../lab/program.js";

/** A folder with a configuration. */
function project(t: TestContext, text = "", file = "essay.toml"): string {
  const cwd = realpathSync(scratch(t));
  writeFileSync(join(cwd, file), text);
  return cwd;
}

/** The records that es-hosts makes; their batch is checked and left out. */
async function hosts(cwd: string, args: string[], options: RunOptions = {}) {
  const ran = await expectStatus(0, "es-hosts", args, { cwd, ...options });
  const records = recordsOf(ran.stdout);
  const { id } = records[0].batch;
  for (const record of records) {
    assert.deepEqual(record.batch, { id, size: records.length });
    delete record.batch;
  }
  return records;
}

/** What es-hosts says when it is called wrongly; it writes no record. */
async function mistake(cwd: string, args: string[], options: RunOptions = {}): Promise<string> {
  const ran = await expectStatus(2, "es-hosts", args, { cwd, ...options });
  assert.equal(ran.stdout, "", ran.report);
  return ran.stderr;
}

const roles = `
project = "essay_demo"
[deploy]
prefix = "~/deploy"
profile = "usual"
[roles]
dev = ["web[1-2].x"]
empty = []
nginx = { hosts = ["lb1", "web2.x"], user = "root", bind = "{host}" }
both = { hosts = ["web2.x"], prefix = "/srv", bind = "{host}", vars = { workers = 4 } }
other = { hosts = ["web2.x"], prefix = "/opt" }
production = ["prod1"]
`;

test("a role becomes one record for each host, with what the configuration says", async (t) => {
  assert.deepEqual(await hosts(project(t, roles), ["dev"]), [
    {
      host: "web1.x",
      transport: "ssh",
      roles: ["dev"],
      prefix: "~/deploy",
      project: "essay_demo",
      profile: "usual",
    },
    {
      host: "web2.x",
      transport: "ssh",
      roles: ["dev"],
      prefix: "~/deploy",
      project: "essay_demo",
      profile: "usual",
    },
  ]);
});

test("each batch has a name of its own", async (t) => {
  const cwd = project(t, roles);
  const ids = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const ran = await expectStatus(0, "es-hosts", ["dev"], { cwd });
    ids.add(recordsOf(ran.stdout)[0].batch.id);
  }
  assert.equal(ids.size, 3);
});

test("no file is needed", async (t) => {
  const cwd = scratch(t);
  assert.deepEqual(await hosts(cwd, ["@local", "me@[::1]:2222", "-H", "web1"]), [
    { host: "@local", transport: "local", roles: [] },
    { host: "::1", user: "me", port: 2222, transport: "ssh", roles: [] },
    { host: "web1", transport: "ssh", roles: [] },
  ]);
});

test("every flag that a role can say", async (t) => {
  const flags = ["--user", "me", "--port", "2222", "--prefix", "/srv", "--bind", "{host}", "--become", "app"];
  const sets = ["--profile", "test", "--set", "a=1=2", "--set", "b=", "--set", "c=x y"];
  assert.deepEqual(await hosts(project(t, roles), ["nginx", ...flags, ...sets, "--dry-run"]), [
    {
      host: "lb1",
      user: "me",
      port: 2222,
      transport: "ssh",
      roles: ["nginx"],
      vars: { a: "1=2", b: "", c: "x y" },
      prefix: "/srv",
      bind: "lb1",
      become: "app",
      project: "essay_demo",
      profile: "test",
      plan: true,
    },
    {
      host: "web2.x",
      user: "me",
      port: 2222,
      transport: "ssh",
      roles: ["nginx"],
      vars: { a: "1=2", b: "", c: "x y" },
      prefix: "/srv",
      bind: "web2.x",
      become: "app",
      project: "essay_demo",
      profile: "test",
      plan: true,
    },
  ]);
});

test("a host in two roles comes once, with both roles", async (t) => {
  const records = await hosts(project(t, roles), ["dev", "both", "web1.x"]);
  assert.deepEqual(
    records.map(({ host, roles, prefix, bind, vars }) => ({ host, roles, prefix, bind, vars })),
    [
      { host: "web1.x", roles: ["dev"], prefix: "~/deploy", bind: undefined, vars: undefined },
      { host: "web2.x", roles: ["dev", "both"], prefix: "/srv", bind: "web2.x", vars: { workers: 4 } },
    ],
  );
});

test("two roles that disagree about a host are a mistake, and a flag decides", async (t) => {
  const cwd = project(t, roles);
  assert.match(
    await mistake(cwd, ["both", "other"]),
    /^es-hosts: web2\.x has two values for prefix: \/srv \(both\) and \/opt \(other\)$/m,
  );
  assert.equal((await hosts(cwd, ["both", "other", "--prefix", "/flag"]))[0].prefix, "/flag");
});

test("an unknown role is a mistake, with the nearest name", async (t) => {
  assert.match(
    await mistake(project(t, roles), ["dev", "prodution"]),
    /^es-hosts: there is no role prodution; did you mean production\?/m,
  );
  assert.match(await mistake(scratch(t), ["dev"]), /there is no role dev; no role is configured/);
});

test("an empty role is a mistake", async (t) => {
  assert.match(await mistake(project(t, roles), ["empty"]), /^es-hosts: the role empty has no hosts$/m);
});

test("nothing asked for is a mistake", async (t) => {
  assert.match(await mistake(project(t, roles), []), /no role and no host is given/);
  assert.match(await mistake(project(t, roles), [""]), /an operand is empty/);
});

for (const [args, message] of [
  [["web1.x:0"], /a port is a number from 1 to 65535, not "0"/],
  [["me@web1.x:70000"], /not "70000"/],
  [["--port", "70000", "dev"], /--port takes a whole number from 1 to 65535, not 70000/],
  [["web[3-1].x"], /the range \[3-1\] ends before it begins/],
  [["web[a-b].x"], /a range is written \[1-20\] or \[01-20\]/],
  [["-H", "web[1-2"], /a range is written/],
  [["--host=-oProxyCommand=x"], /"-oProxyCommand=x" is not the name or address of a host/],
  [["-x"], /unknown flag -x/],
  [["-", "-"], /- is given twice/],
  [["me@-x"], /"-x" is not the name or address/],
  [["@web1"], /no user before @; this machine itself is @local/],
  [["--set", "=x", "dev"], /--set takes NAME=VALUE, not =x/],
  [["--set", "x", "dev"], /--set takes NAME=VALUE, not x/],
  [["--set", "a=1", "--set", "a=2", "dev"], /--set a is given twice/],
  [["--prefix", "", "dev"], /--prefix needs a value: DIR/],
  [["--prefix", "srv", "dev"], /the prefix "srv" must begin with \/ or ~\//],
  [["--prefix", "/srv/../etc", "dev"], /the prefix "\/srv\/\.\.\/etc" must .* have no \.\. in it/],
] as const)
  test(`es-hosts ${args.join(" ")} is a mistake`, async (t) => {
    assert.match(await mistake(project(t, roles), [...args]), message);
  });

test("- reads a list of hosts, with CRLF and comments, among other words", async (t) => {
  const input = "web7\r\n# none\r\n\r\nme@web8:22   # one\r\nweb1.x\r\n";
  const records = await hosts(project(t, roles), ["dev", "-"], { input });
  assert.deepEqual(
    records.map(({ host, user, port, roles }) => [host, user, port, roles.join()]),
    [
      ["web1.x", undefined, undefined, "dev"],
      ["web2.x", undefined, undefined, "dev"],
      ["web7", undefined, undefined, ""],
      ["web8", "me", 22, ""],
    ],
  );
});

test("- with an empty list is a failure, unless it is allowed", async (t) => {
  const options = { cwd: scratch(t), input: "\n" };
  const ran = await expectStatus(1, "es-hosts", ["-"], options);
  assert.equal(ran.stderr, "es-hosts: nothing to do: the list names no host\n", ran.report);
  await expectStatus(0, "es-hosts", ["-", "--allow-empty"], options);
});

test("- with two hosts on one line, or an option, is a mistake", async (t) => {
  const cwd = scratch(t);
  assert.match(await mistake(cwd, ["-"], { input: "web1 web2\n" }), /"web1 web2" is not the name/);
  assert.match(await mistake(cwd, ["-"], { input: "-oX=y\n" }), /"-oX=y" is not the name/);
});

test("- reads records, too: the same hosts, from the beginning", async (t) => {
  const cwd = project(t, roles);
  const error = { step: "es-pip", code: "pip-failed", message: "no" };
  const input = [
    {
      host: "web1.x",
      user: "me",
      transport: "ssh",
      roles: ["dev"],
      prefix: "/srv",
      vars: { a: 1 },
      plan: true,
    },
    {
      host: "::1",
      port: 23,
      bind: "::1",
      venv: { name: "a", path: "/a" },
      batch: { id: "x", size: 9 },
      error,
    },
    { host: "@local", transport: "local" },
  ];
  const text = `\uFEFF${input.map((record) => JSON.stringify(record)).join("\r\n")}\n`;
  assert.deepEqual(await hosts(cwd, ["-", "--profile", "test"], { input: text }), [
    {
      host: "web1.x",
      user: "me",
      transport: "ssh",
      roles: ["dev"],
      vars: { a: 1 },
      prefix: "/srv",
      project: "essay_demo",
      profile: "test",
    },
    {
      host: "::1",
      port: 23,
      transport: "ssh",
      roles: [],
      prefix: "~/deploy",
      bind: "::1",
      project: "essay_demo",
      profile: "test",
    },
    {
      host: "@local",
      transport: "local",
      roles: [],
      prefix: "~/deploy",
      project: "essay_demo",
      profile: "test",
    },
  ]);
});

for (const [line, message] of [
  ['{"host":', /^es-hosts: line 2 of the list is no record of a host: .*JSON/m],
  ["{}", /line 2 of the list is no record of a host: it has no field host/],
  ['{"host":3}', /line 2 of the list is no record of a host: field host/],
  ['{"host":"a","port":0}', /field port/],
  ['{"host":"-oProxyCommand=x"}', /is not the name or address of a host/],
  ['{"host":"a","user":"-l root"}', /is not the name of a user/],
] as const)
  test(`- with the line ${line} is a mistake`, async (t) => {
    assert.match(await mistake(project(t, roles), ["-"], { input: `web1\n${line}\n` }), message);
  });

const many = `
[roles]
web = ["web[01-12].x", "me@[::1]:22"]
db = ["db1.y", "web03.x", "root@db2.y:2222"]
`;

for (const [flags, expected] of [
  [["--limit", "web03.x"], "web03.x"],
  [["--limit", "db"], "web03.x db1.y db2.y"],
  [["--limit", "web1*"], "web10.x web11.x web12.x"],
  [["--limit", "web0?.x", "--exclude", "web[01-06].x,web08.x"], "web07.x web09.x"],
  [["--limit", "*.y,web01.x"], "web01.x db1.y db2.y"],
  [["--limit", "web[02-03,5,11].x"], "web02.x web03.x web11.x"],
  [["--limit", "root@db2.y:2222", "--limit", "[::1]:22"], "::1 db2.y"],
  [["--limit", "db2.y:2222", "--limit", "me@::1"], "::1 db2.y"],
  [["--exclude", "web*"], "::1 db1.y db2.y"],
  [["--exclude", "web"], "db1.y db2.y"],
] as const)
  test(`es-hosts web db ${flags.join(" ")}`, async (t) => {
    const records = await hosts(project(t, many), ["web", "db", ...flags]);
    assert.equal(records.map(({ host }) => host).join(" "), expected);
  });

for (const [flags, message] of [
  [
    ["--limit", "web13.x"],
    /--limit web13\.x is not the name or a role of any of the 15 hosts; did you mean web..\.x\?/,
  ],
  [["--exclude", "wbe03.x"], /--exclude wbe03\.x is not the name .*; did you mean web03\.x\?/],
  [["--limit", "web01.x,"], /there is an empty name in it/],
  [["--limit", "web"], /--limit needs a value|is not the name/],
  [["--limit", "web(01|02).x"], /is not the name/],
  [["--limit", "web[3-1].x"], /ends before it begins/],
] as const)
  test(`es-hosts web db ${flags.join(" ")} is a mistake`, async (t) => {
    const roles = flags[1] === "web" ? ["db1.y"] : ["web", "db"];
    assert.match(await mistake(project(t, many), [...roles, ...flags]), message);
  });

test("no host at all is a failure", async (t) => {
  const ran = await expectStatus(1, "es-hosts", ["web", "--exclude", "*"], { cwd: project(t, many) });
  assert.equal(ran.stderr, "es-hosts: nothing to do: --exclude leaves no host\n");
});

test("100,000 hosts are many, but not too many", async (t) => {
  const records = await hosts(scratch(t), ["10.[0-9].[0-99].[0-99]"]);
  assert.equal(new Set(records.map(({ host }) => host)).size, 100_000);
  assert.match(await mistake(scratch(t), ["10.[0-9].[0-99].[0-100]"]), /more than 100000 hosts/);
});

test("the environment says what no flag says", async (t) => {
  const env = { ESSAY_PROJECT: "p", ESSAY_PROFILE: "staging", ESSAY_PREFIX: "/env" };
  const cwd = project(t, roles);
  const [record] = await hosts(cwd, ["dev"], { env });
  assert.deepEqual([record.project, record.profile, record.prefix], ["p", "staging", "/env"]);
  const [other] = await hosts(cwd, ["dev", "--profile", "f", "--prefix", "/flag"], { env });
  assert.deepEqual([other.profile, other.prefix], ["f", "/flag"]);
});

test("[env.NAME] is laid over the rest, by --env or ESSAY_ENV", async (t) => {
  const cwd = project(t, `${roles}\n[env.production.roles]\ndev = ["prod[1-3]"]\n`);
  assert.equal((await hosts(cwd, ["dev", "--env", "production"])).length, 3);
  assert.equal((await hosts(cwd, ["dev"], { env: { ESSAY_ENV: "production" } })).length, 3);
  assert.equal((await hosts(cwd, ["dev"])).length, 2);
  assert.match(
    await mistake(cwd, ["dev", "--env", "prodction"]),
    new RegExp(`^es-hosts: ${cwd}/essay.toml has no \\[env.prodction\\]; did you mean production\\?$`, "m"),
  );
});

test("[tool.essay] of pyproject.toml, from a folder below it", async (t) => {
  const cwd = project(t, '[project]\nname = "named"\n[tool.essay.roles]\ndev = ["a.x"]\n', "pyproject.toml");
  mkdirSync(join(cwd, "a/b"), { recursive: true });
  assert.deepEqual(await hosts(join(cwd, "a/b"), ["dev"]), [
    { host: "a.x", transport: "ssh", roles: ["dev"], project: "named" },
  ]);
});

test("a configuration from --config", async (t) => {
  const cwd = project(t, roles, "other.toml");
  assert.equal((await hosts(cwd, ["dev", "--config", "other.toml"])).length, 2);
  assert.match(
    await mistake(cwd, ["dev", "--config", "no.toml"]),
    /there is no configuration file .*\/no\.toml/,
  );
});

test("mistakes in the configuration: file, line, key, and the nearest key", async (t) => {
  for (const [text, message] of [
    ['project = "x"\nroles.dev = ["a"\n', ":3: "],
    ["[deploy]\nprefxi = 1\n", ":2: deploy.prefxi is no key of essay; did you mean prefix?"],
    ['[roles.dev]\nhosts = ["a"]\nprot = 22\n', ":3: roles.dev.prot is no key of essay; did you mean port?"],
    [
      '[roles.dev]\nhosts = ["a"]\nport = 70000\n',
      ":3: roles.dev.port must be a port, a number from 1 to 65535",
    ],
  ] as const) {
    const cwd = project(t, text);
    const said = await mistake(cwd, ["dev"]);
    assert.ok(said.includes(`es-hosts: ${cwd}/essay.toml${message}`), said);
  }
});

test("a host's own mistakes in a role are told", async (t) => {
  const cwd = project(t, '[roles]\ndev = ["-oProxyCommand=x"]\n');
  assert.match(await mistake(cwd, ["dev"]), /"-oProxyCommand=x" is not the name or address of a host/);
});

test("--release says on each record what is to be deployed, and waits for a build that is under way", async (t) => {
  const cwd = project(t, roles);
  const file = {
    ...{ path: "/d/demo-1.0.tar.gz", filename: "demo-1.0.tar.gz", kind: "sdist" },
    ...{ name: "demo", version: "1.0", size: 1, sha256: "a".repeat(64) },
  };
  const release = {
    project: "essay_demo",
    version: "1.0",
    files: [file],
    index: "http://i/simple/",
    uploaded: [],
  };
  const told = (status: number, record: object, ...args: string[]) =>
    expectStatus(status, "es-hosts", [...args, "--release", "-"], {
      cwd,
      input: `${JSON.stringify(record)}\n`,
    });
  const made = recordsOf((await told(0, release, "dev")).stdout);
  assert.equal(made.length, 2);
  for (const { version, files, index, uploaded, plan } of made)
    assert.deepEqual(
      { version, files, index, uploaded, plan },
      {
        ...{ version: "1.0", files: [file], index: "http://i/simple/" },
        ...{ uploaded: undefined, plan: undefined },
      },
    );
  const [planned] = recordsOf(
    (await told(0, { project: "Essay-Demo", version: "1.0", plan: true }, "dev")).stdout,
  );
  assert.deepEqual([planned.plan, planned.project, planned.files], [true, "essay_demo", undefined]);

  const failed = { ...release, error: { step: "es-wheel", code: "x", message: "y" } };
  assert.match((await told(1, failed, "dev")).stderr, /release-failed: standard input:1 is the record/);
  assert.match(
    (await told(1, { ...release, project: "other" }, "dev")).stderr,
    /disagreement: the release is one of other/,
  );
  assert.match((await told(2, { host: "a" }, "dev")).stderr, /standard input is no record of a release/);
  assert.match((await told(2, release, "-")).stderr, /cannot both come on standard input/);
  assert.match((await told(2, release, "nosuch")).stderr, /there is no role nosuch/);
});
