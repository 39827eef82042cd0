import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expectStatus, pathWithBins, scratch } from "../lab/program.js";

const tree = [
  ".gitignore",
  "MANIFEST.in",
  "README.md",
  "conf",
  "conf/supervisord.conf",
  "essay.toml",
  "essay_demo",
  "essay_demo/__init__.py",
  "essay_demo/log.py",
  "essay_demo/main.py",
  "essay_demo/settings.py",
  "pyproject.toml",
];

const treeOf = (directory: string) => readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();

/** An environment in which git has no configuration but this. */
const gitEnv = (t: Parameters<typeof scratch>[0], identity: boolean) => {
  const home = scratch(t);
  const config = `[user]\n${identity ? "name = A Person\nemail = person@example.com\n" : "useConfigOnly = true\n"}`;
  writeFileSync(join(home, "config"), config);
  return { HOME: home, GIT_CONFIG_GLOBAL: join(home, "config"), GIT_CONFIG_NOSYSTEM: "1" };
};

test("lays out a new project", async (t) => {
  const cwd = scratch(t);
  const ran = await expectStatus(0, "es-init", ["essay_demo"], { cwd });
  assert.deepEqual(treeOf(join(cwd, "essay_demo")), tree);
  assert.equal(ran.stderr.match(/^added /gm)?.length, 10, ran.report);
  for (const file of tree.filter((name) => name.includes(".")))
    assert.doesNotMatch(readFileSync(join(cwd, "essay_demo", file), "utf8"), /<%|%>/, file);
  assert.match(readFileSync(join(cwd, "essay_demo/pyproject.toml"), "utf8"), /^name = "essay_demo"$/m);
});

test("adds what is missing to a project and overwrites nothing", async (t) => {
  const cwd = scratch(t);
  const project = join(cwd, "essay_demo");
  mkdirSync(project);
  writeFileSync(join(project, "essay.toml"), "# mine\n");
  symlinkSync("nowhere", join(project, "MANIFEST.in"));
  const ran = await expectStatus(0, "es-init", [], { cwd: project });
  assert.deepEqual(treeOf(project), tree);
  assert.equal(readFileSync(join(project, "essay.toml"), "utf8"), "# mine\n");
  assert.match(ran.stderr, /^left {3}essay.toml$/m);
  assert.match(ran.stderr, /^left {3}MANIFEST.in$/m);
  assert.match(ran.stderr, /^added {2}pyproject.toml$/m);
  const again = await expectStatus(0, "es-init", [], { cwd: project });
  assert.doesNotMatch(again.stderr, /added/, again.report);
});

test("a project that is packaged already gets no package of ours", async (t) => {
  const cwd = join(scratch(t), "any-name");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "setup.py"), "");
  writeFileSync(join(cwd, "readme.rst"), "");
  const ran = await expectStatus(0, "es-init", [], { cwd });
  const added = [".gitignore", "MANIFEST.in", "conf", "conf/supervisord.conf", "essay.toml"];
  assert.deepEqual(treeOf(cwd), [...added, "readme.rst", "setup.py"], ran.report);
  assert.match(readFileSync(join(cwd, "essay.toml"), "utf8"), /^project = "any-name"$/m);
  assert.match(ran.stderr, /pyproject.toml.*setup.py packages the project/);
});

test("takes the project's name from pyproject.toml and respects [tool.essay] in it", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "pyproject.toml"), '[project]\nname = "other"\n[tool.essay]\n');
  const ran = await expectStatus(0, "es-init", [], { cwd });
  assert.ok(!existsSync(join(cwd, "essay.toml")), ran.report);
  assert.match(readFileSync(join(cwd, "README.md"), "utf8"), /^# other$/m);
});

test("names that Python cannot import are refused, and nothing is made", async (t) => {
  const cwd = scratch(t);
  for (const name of ["a-b", "1x", "class", "json", "conf", "x_", "..", "a/b", "$(id)", "é", "a\nb"]) {
    const ran = await expectStatus(2, "es-init", [name], { cwd });
    assert.match(ran.stderr, /cannot name a project/, ran.report);
  }
  assert.deepEqual(readdirSync(cwd), []);
});

test("refuses a directory that has something in it, an unknown template, and remotes without sense", async (t) => {
  const cwd = scratch(t);
  mkdirSync(join(cwd, "essay_demo/x"), { recursive: true });
  const there = await expectStatus(2, "es-init", ["essay_demo"], { cwd });
  assert.match(there.stderr, /is there already/);
  const template = await expectStatus(2, "es-init", ["-t", "defualt", "other"], { cwd });
  assert.match(template.stderr, /unknown template defualt; did you mean default\? \(known are default/);
  await expectStatus(2, "es-init", ["--remote", "x:y", "other"], { cwd });
  // No repository is asked before.
  await expectStatus(2, "es-init", ["-t", "http://127.0.0.1:9/x.git", "--remote", "x:y", "other"], { cwd });
  const option = await expectStatus(2, "es-init", ["--git", "--remote=--upload-pack=id", "other"], { cwd });
  assert.match(option.stderr, /is no URL/);
  const secret = ["--git", "--remote", "https://me:hush@git.example/x.git", "other"];
  const refused = await expectStatus(2, "es-init", secret, { cwd });
  assert.doesNotMatch(refused.stderr, /hush/);
  assert.deepEqual(readdirSync(cwd), ["essay_demo"]);
});

test("a template of one's own: a folder, and a git repository", async (t) => {
  const cwd = scratch(t);
  const env = gitEnv(t, true);
  const own = join(cwd, "own");
  mkdirSync(join(own, "package"), { recursive: true });
  writeFileSync(join(own, "package/__init__.py"), "NAME = '<% project %>'\n");
  const layOut = (template: string, name: string) =>
    expectStatus(0, "es-init", ["-t", template, name], { cwd, env });
  await layOut("./own", "one");
  await expectStatus(0, "git", ["init", "--quiet", own], { cwd, env });
  await expectStatus(0, "git", ["-C", own, "add", "-A"], { cwd, env });
  await expectStatus(0, "git", ["-C", own, "commit", "-qm", "x"], { cwd, env });
  writeFileSync(join(own, "not-committed"), "");
  await layOut(`file://${own}`, "two");
  for (const name of ["one", "two"]) {
    assert.deepEqual(treeOf(join(cwd, name)), [name, `${name}/__init__.py`]);
    assert.equal(readFileSync(join(cwd, name, name, "__init__.py"), "utf8"), `NAME = '${name}'\n`);
  }
  const refused = async (status: number, template: string, message: RegExp) => {
    const ran = await expectStatus(status, "es-init", ["-t", template, "three"], { cwd, env });
    assert.match(ran.stderr, message);
  };
  await refused(2, "./nowhere", /\.\/nowhere is no folder with a template/);
  await refused(2, "own", /unknown template own .*a folder by its path, such as \.\/own/);
  await refused(2, "https://me:hush@git.example/x.git", /has a user or password in it/);
  await refused(1, "file:///nowhere", /git-failed: git clone failed/);
  assert.ok(!existsSync(join(cwd, "three")));
});

test("--dry-run makes nothing", async (t) => {
  const cwd = scratch(t);
  const ran = await expectStatus(0, "es-init", ["--dry-run", "--git", "essay_demo"], {
    cwd,
    env: gitEnv(t, true),
  });
  assert.match(ran.stderr, /^would add pyproject.toml$/m);
  assert.deepEqual(readdirSync(cwd), []);
});

test("--git commits everything on master and pushes it; a second time it only pushes", async (t) => {
  const cwd = scratch(t);
  const env = gitEnv(t, true);
  await expectStatus(0, "git", ["init", "--quiet", "--bare", "there.git"], { cwd, env });
  const remote = ["--git", "--remote", join(cwd, "there.git")];
  const ran = await expectStatus(0, "es-init", [...remote, "essay_demo"], { cwd, env });
  assert.match(ran.stderr, /committed to git, branch master/);
  const project = join(cwd, "essay_demo");
  const status = await expectStatus(0, "git", ["status", "--porcelain", "--branch"], { cwd: project, env });
  assert.equal(status.stdout, "## master...origin/master\n");
  const there = await expectStatus(0, "git", ["-C", "there.git", "log", "--format=%an %s", "master"], {
    cwd,
    env,
  });
  assert.equal(there.stdout, "A Person First commit\n");
  const again = await expectStatus(0, "es-init", remote, { cwd: project, env });
  assert.match(again.stderr, /has commits/);
  const differs = await expectStatus(1, "es-init", ["--git", "--remote", "/else"], { cwd: project, env });
  assert.match(differs.stderr, /remote-differs/);
});

test("--git without an identity says how to give one, before anything is made", async (t) => {
  const cwd = scratch(t);
  const ran = await expectStatus(1, "es-init", ["--git", "essay_demo"], { cwd, env: gitEnv(t, false) });
  assert.match(ran.stderr, /no-git-identity: .*git config --global user.name/);
  assert.deepEqual(readdirSync(cwd), []);
});

/** Runs es-init on a terminal of its own and answers its question. */
async function answering(answer: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn("script", ["-qec", "es-init --git essay_demo", "/dev/null"], {
    cwd,
    env: { ...process.env, ...env, PATH: pathWithBins },
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    const asked = said.includes("if left empty): ");
    said += chunk;
    if (!asked && said.includes("if left empty): ")) child.stdin.write(answer);
  });
  const [status] = await once(child, "close");
  return `${said}\nstatus ${status}`;
}

test("asks for the remote on a terminal", async (t) => {
  const cwd = scratch(t);
  const env = gitEnv(t, true);
  await expectStatus(0, "git", ["init", "--quiet", "--bare", "there.git"], { cwd, env });
  const cancelled = await answering("\x03", cwd, env);
  assert.match(cancelled, /status 130$/);
  assert.deepEqual(readdirSync(cwd), ["there.git"], cancelled);
  const pushed = await answering(`${cwd}/there.git\r`, cwd, env);
  assert.match(pushed, /pushed to .*there.git[\s\S]*status 0$/);
  await expectStatus(0, "git", ["-C", "there.git", "rev-parse", "master"], { cwd, env });
});
