import assert from "node:assert/strict";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { type ConfigChoice, loadConfig } from "../../../lib/config/load.js";
import { scratch } from "../../lab/program.js";

const nothing: ConfigChoice = { configFile: undefined, configEnv: undefined };

/** Files in a private directory, with `here` in it as the working directory. */
function work(t: TestContext, files: Record<string, string>, here = "."): string {
  const directory = realpathSync(scratch(t));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const before = process.cwd();
  mkdirSync(join(directory, here), { recursive: true });
  process.chdir(join(directory, here));
  t.after(() => process.chdir(before));
  return directory;
}

/** The sentence of the UsageError that loading ends with. */
async function mistake(choice: Partial<ConfigChoice> = {}): Promise<string> {
  try {
    await loadConfig({ ...nothing, ...choice });
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
  return assert.fail("loading went well");
}

test("essay.toml is found from the working directory upwards", async (t) => {
  const directory = work(t, { "essay.toml": 'project = "x"' }, "a/b");
  const config = await loadConfig(nothing);
  assert.deepEqual(config, {
    file: join(directory, "essay.toml"),
    directory,
    values: { project: "x" },
    projectName: undefined,
  });
});

test("the nearest file counts, essay.toml before pyproject.toml", async (t) => {
  const pyproject = '[project]\nname = "named"\n[tool.essay]\nproject = "tool"\n';
  work(
    t,
    { "essay.toml": 'project = "far"', "a/essay.toml": 'project = "near"', "a/pyproject.toml": pyproject },
    "a",
  );
  const { values, projectName } = await loadConfig(nothing);
  assert.deepEqual([values.project, projectName], ["near", "named"]);
});

test("[tool.essay] of pyproject.toml is a configuration", async (t) => {
  const directory = work(
    t,
    {
      "essay.toml": 'project = "far"',
      "a/pyproject.toml":
        '[project]\nname = "named"\n[tool.essay]\ndeploy.prefix = "/srv"\n[tool.other]\nx = 1\n',
    },
    "a",
  );
  const { file, values, projectName } = await loadConfig(nothing);
  assert.equal(file, join(directory, "a/pyproject.toml"));
  assert.deepEqual(values, { deploy: { prefix: "/srv" } });
  assert.equal(projectName, "named");
});

test("a pyproject.toml without [tool.essay] gives the project's name, and the search goes on", async (t) => {
  work(t, { "essay.toml": "[deploy]\njobs = 3", "a/pyproject.toml": '[project]\nname = "named"' }, "a/b");
  const { values, projectName } = await loadConfig(nothing);
  assert.deepEqual([values.deploy?.jobs, projectName], [3, "named"]);
});

test("no file at all is an empty configuration of the working directory", async (t) => {
  const directory = work(t, {}, "a");
  assert.deepEqual(await loadConfig(nothing), {
    file: undefined,
    directory: join(directory, "a"),
    values: {},
    projectName: undefined,
  });
});

test("--config names a file, and ESSAY_CONFIG does where it is not given", async (t) => {
  const directory = work(t, {
    "essay.toml": "broken",
    "one.toml": 'project = "one"',
    "c/two.toml": 'project = "two"',
    "pyproject.toml": '[project]\nname = "named"',
  });
  t.after(() => delete process.env.ESSAY_CONFIG);
  process.env.ESSAY_CONFIG = "c/two.toml";
  const two = await loadConfig(nothing);
  assert.deepEqual(
    [two.values.project, two.directory, two.projectName],
    ["two", join(directory, "c"), "named"],
  );
  const one = await loadConfig({ ...nothing, configFile: "one.toml" });
  assert.deepEqual([one.values.project, one.file], ["one", join(directory, "one.toml")]);
});

test("a file that --config names must be there, and have something for essay", async (t) => {
  const directory = work(t, { "pyproject.toml": '[project]\nname = "named"' });
  assert.equal(
    await mistake({ configFile: "no.toml" }),
    `there is no configuration file ${directory}/no.toml`,
  );
  assert.equal(
    await mistake({ configFile: "pyproject.toml" }),
    `${directory}/pyproject.toml has no [tool.essay]`,
  );
  assert.match(await mistake({ configFile: "." }), /^cannot read .*: EISDIR/);
});

test("an environment is laid over the rest: tables are merged, all else is replaced", async (t) => {
  work(t, {
    "essay.toml": `
project = "x"
[deploy]
prefix = "/srv"
jobs = 3
[roles]
dev = ["web1"]
[env.production]
deploy.prefix = "/prod"
[env.production.roles]
dev = ["web2", "web3"]
nginx = ["lb1"]
[env.staging]
`,
  });
  const { values } = await loadConfig({ ...nothing, configEnv: "production" });
  assert.deepEqual(values, {
    project: "x",
    deploy: { prefix: "/prod", jobs: 3 },
    roles: { dev: ["web2", "web3"], nginx: ["lb1"] },
  });
  const plain = { project: "x", deploy: { prefix: "/srv", jobs: 3 }, roles: { dev: ["web1"] } };
  assert.deepEqual((await loadConfig(nothing)).values, plain);
  assert.deepEqual((await loadConfig({ ...nothing, configEnv: "staging" })).values, plain);
});

test("ESSAY_ENV names the environment where --env does not; an empty one is none", async (t) => {
  work(t, { "essay.toml": '[env.a]\nproject = "a"\n[env.b]\nproject = "b"\n' });
  t.after(() => delete process.env.ESSAY_ENV);
  process.env.ESSAY_ENV = "a";
  assert.equal((await loadConfig(nothing)).values.project, "a");
  assert.equal((await loadConfig({ ...nothing, configEnv: "b" })).values.project, "b");
  process.env.ESSAY_ENV = "";
  assert.equal((await loadConfig(nothing)).values.project, undefined);
});

test("an unknown environment is an error, with the nearest one", async (t) => {
  const directory = work(t, { "essay.toml": "[env.production]\n" });
  assert.equal(
    await mistake({ configEnv: "prodution" }),
    `${directory}/essay.toml has no [env.prodution]; did you mean production?`,
  );
  assert.match(await mistake({ configEnv: "constructor" }), /has no \[env\.constructor\]$/);
});

test("an environment without any configuration is an error", async (t) => {
  work(t, {});
  assert.equal(await mistake({ configEnv: "x" }), "there is no configuration with a table [env.x]");
});

test("a mistake in TOML is told with its line", async (t) => {
  const directory = work(t, { "essay.toml": 'project = "x"\n[deploy\nprefix = 1\n' });
  assert.match(await mistake(), new RegExp(`^${directory}/essay.toml:2: \\S`));
});

test("an unknown key is told with its line and the nearest key", async (t) => {
  const directory = work(t, { "essay.toml": "[deploy]\njobs = 1\nproceses = 2\n[env.x]\ndeploy.jobs = 2\n" });
  const sentence = `${directory}/essay.toml:3: deploy.proceses is no key of essay; did you mean processes?`;
  assert.equal(await mistake(), sentence);
  assert.equal(await mistake({ configEnv: "x" }), sentence);
});

test("a mistake in an environment is told with its line, also where another one is asked for", async (t) => {
  const directory = work(t, {
    "essay.toml": '[deploy]\nprefix = "/srv"\n[env.a]\n[env.b.deploy]\nprefx = "/b"\n',
  });
  const sentence = `${directory}/essay.toml:5: env.b.deploy.prefx is no key of essay; did you mean prefix?`;
  assert.equal(await mistake(), sentence);
  assert.equal(await mistake({ configEnv: "a" }), sentence);
});

test("a mistake in pyproject.toml is told with its line there", async (t) => {
  const directory = work(t, {
    "pyproject.toml": '[project]\nname = "x"\n[tool.essay.deploy]\nprefx = "/b"\n',
  });
  assert.equal(
    await mistake(),
    `${directory}/pyproject.toml:4: deploy.prefx is no key of essay; did you mean prefix?`,
  );
});

for (const [name, text, pattern] of [
  ["env that is no table", "env = 3", /essay\.toml:1: env must be a table$/],
  [
    "an environment that is no table",
    "project = 'x'\n[env]\na = 3",
    /essay\.toml:3: env\.a must be a table$/,
  ],
  ["an environment in an environment", "[env.a.env.b]", /env\.a\.env is no key of essay$/],
] as const)
  test(`${name} is a mistake`, async (t) => {
    work(t, { "essay.toml": text });
    assert.match(await mistake(), pattern);
  });

test("[tool.essay] that is no table is a mistake", async (t) => {
  work(t, { "pyproject.toml": "[tool]\nessay = 3\n" });
  assert.match(await mistake(), /pyproject\.toml:2: the configuration must be a table$/);
});

test("a table of an environment reaches no prototype: its name is that of no key", async (t) => {
  work(t, { "essay.toml": 'project = "x"\n[env.staging."__proto__"]\nproject = "evil"\n' });
  assert.match(await mistake(), /essay.toml:2: env\.staging\.__proto__ is no key of essay/);
});
