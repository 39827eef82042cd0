import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pipCommands } from "../../lib/alias/builtin.js";
import { ourPrograms } from "../../lib/base/program.js";
import { identity, until } from "../lab/processes.js";
import {
  expectStatus,
  fileOf,
  program,
  type RunOptions,
  recordsOf,
  scratch,
  underWay,
} from "../lab/program.js";

/** A folder with a configuration. */
function project(t: TestContext, text: string): string {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "essay.toml"), text);
  return cwd;
}

async function printed(cwd: string, ...args: string[]): Promise<string> {
  return (await expectStatus(0, "es", ["--print", ...args], { cwd })).stdout;
}

async function mistake(cwd: string, args: string[], options: RunOptions = {}): Promise<string> {
  const ran = await expectStatus(2, "es", args, { cwd, ...options });
  assert.equal(ran.stdout, "", ran.report);
  return ran.stderr;
}

test("es NAME runs es-NAME with all its arguments", async (t) => {
  const cwd = scratch(t);
  const ran = await expectStatus(0, "es", ["hosts", "a.x", "--dry-run", "--user", "me"], { cwd });
  const [record] = recordsOf(ran.stdout);
  assert.deepEqual([record.host, record.user, record.plan], ["a.x", "me", true]);
});

test("es-NAME is found without PATH", async (t) => {
  await expectStatus(0, "es", ["hosts", "a.x"], { cwd: scratch(t), env: { PATH: "/nowhere" } });
});

test("the status is the executable's own, and so are its help and version", async (t) => {
  const cwd = scratch(t);
  assert.match(await mistake(cwd, ["hosts", "nosuchrole"]), /^es-hosts: there is no role nosuchrole/m);
  assert.match((await expectStatus(0, "es", ["hosts", "--help"], { cwd })).stdout, /^es-hosts: /);
  assert.match((await expectStatus(0, "es", ["--help"], { cwd })).stdout, /^es: run es-NAME/);
});

test("input reaches the executable, with -- and what follows it", async (t) => {
  const cwd = scratch(t);
  const ran = await expectStatus(0, "es", ["hosts", "-"], { cwd, input: "web1\n" });
  assert.equal(recordsOf(ran.stdout)[0].host, "web1");
  assert.match(await mistake(cwd, ["hosts", "--", "x"]), /es-hosts: takes no command after --/);
});

test("files and commands of the configuration are stages of a deploy where they are set", async (t) => {
  const cwd = project(
    t,
    'project = "demo"\n[deploy]\nconf = [{ from = "a", to = "b" }]\npre = "x"\npost = ["y"]\n',
  );
  assert.equal(
    await printed(cwd, "deploy", "-R", "dev", "1.0", "a"),
    "es-hosts dev | es-venv a | es-pip demo==1.0 | es-conf | es-run --hook deploy.pre | es-supervisor up | es-check | es-run --hook deploy.post\n",
  );
});

test("--print says what an alias would run", async (t) => {
  const cwd = project(t, 'project = "essay_demo"\n');
  assert.equal(
    await printed(cwd, "deploy", "-R", "dev", "6.11.21.1", "a", "test", "--dry-run"),
    "es-hosts dev --profile=test --dry-run | es-venv a | es-pip essay_demo==6.11.21.1 | es-supervisor up | es-check\n",
  );
  assert.equal(
    await printed(cwd, "deploy", "-R", "dev", "6.11.21.1", "a", "--wait", "60"),
    "es-hosts dev | es-venv a --wait=60 | es-pip essay_demo==6.11.21.1 --wait=60 | es-supervisor up --wait=60 | es-check\n",
  );
  assert.equal(
    await printed(cwd, "deploy", "-R", "dev", "6.11.21.1", "a"),
    "es-hosts dev | es-venv a | es-pip essay_demo==6.11.21.1 | es-supervisor up | es-check\n",
  );
  assert.equal(
    await printed(cwd, "deploy", "6.11.21.1", "a", "--retry", "run.jsonl", "-R", "web", "--dry-run"),
    "es-pick --failed --clear-errors --role=web --dry-run run.jsonl | es-venv a | es-pip essay_demo==6.11.21.1 | es-supervisor up | es-check\n",
  );
  assert.equal(
    await printed(cwd, "build", "--branch", "master"),
    "es-version next -- es package --branch master\n",
  );
  assert.equal(
    await printed(cwd, "create", "demo", "--template", "x y"),
    "es-init --git demo --template 'x y'\n",
  );
  assert.equal(
    await printed(cwd, "switch", "upstreamA", "upstreamB"),
    "es-hosts nginx | es-nginx-switch upstreamA upstreamB\n",
  );
  assert.equal(
    await printed(project(t, 'nginx.role = "lb"\n'), "switch", "upstreamA", "upstreamB"),
    "es-hosts lb | es-nginx-switch upstreamA upstreamB\n",
  );
  assert.equal(await printed(cwd, "hosts", "a b"), "es-hosts 'a b'\n");
});

test("commands of pip are pip's own, unless a program of essay has the name", async (t) => {
  const cwd = scratch(t);
  assert.equal(
    await printed(cwd, "cache", "list", "--format", "x"),
    "python3 -m pip cache list --format x\n",
  );
  assert.equal(await printed(cwd, "wheel", "x"), "es-wheel x\n");
  const known = (await expectStatus(0, "python3", ["-m", "pip", "help"])).stdout;
  const taken = new Set(ourPrograms());
  for (const [, command = ""] of known.matchAll(/^ {2}([a-z]+) {3}/gm))
    assert.ok(pipCommands.includes(command) || taken.has(`es-${command}`), command);
});

test("aliases of two words go before the program that the first one names", async (t) => {
  const cwd = project(t, "nginx.role = 'lb'\n[alias]\n'nginx test' = 'echo mine'\n");
  assert.equal(
    await printed(cwd, "nginx", "stop", "--dry-run", "--drain"),
    "es-hosts lb --dry-run | es-nginx stop --drain\n",
  );
  assert.equal(await printed(cwd, "nginx", "reload", "-R", "two"), "es-hosts two | es-nginx reload\n");
  assert.equal(await printed(cwd, "nginx", "switch", "A", "B"), "es-hosts lb | es-nginx-switch A B\n");
  assert.equal(await printed(cwd, "nginx", "test"), "echo mine\n");
  assert.equal(await printed(cwd, "nginx", "--bin", "x", "start"), "es-nginx --bin x start\n");
});

test("an alias of the configuration, which may say a built-in one anew", async (t) => {
  const cwd = project(
    t,
    "[alias]\nfind = 'es-hosts {1:HOST} {@} | cat && echo \"done well\"'\nswitch = 'echo mine'\n",
  );
  const ran = await expectStatus(0, "es", ["find", "a.x", "--user", "me"], { cwd });
  const lines = ran.stdout.split("\n");
  assert.equal(JSON.parse(lines[0] as string).user, "me");
  assert.equal(lines[1], "done well");
  assert.equal(await printed(cwd, "find", "a.x"), "es-hosts a.x | cat &&\necho 'done well'\n");
  assert.equal((await expectStatus(0, "es", ["switch"], { cwd })).stdout, "mine\n");
});

test("what is in an argument is data", async (t) => {
  const cwd = project(t, "[alias]\nsay = 'printf %s {1}'\n");
  const word = "$(touch owned); `touch owned` | touch owned && touch owned > owned 'x' {1}";
  assert.equal((await expectStatus(0, "es", ["say", word], { cwd })).stdout, word);
  assert.ok(!existsSync(join(cwd, "owned")));
});

test("after a pipeline that failed, the next one does not begin", async (t) => {
  const cwd = project(t, "[alias]\nx = 'false && touch {1}'\n");
  await expectStatus(1, "es", ["x", "began"], { cwd });
  assert.ok(!existsSync(join(cwd, "began")));
});

test("a failed record makes the status of the alias, whatever program comes last", async (t) => {
  const cwd = project(t, "[alias]\nx = 'es-venv {1} | cat'\n");
  const input = `${JSON.stringify({ host: "a", error: { step: "x", code: "y", message: "z" } })}\n`;
  const ran = await expectStatus(1, "es", ["x", "a"], { cwd, input });
  assert.equal(ran.stdout, input);
});

test("where a program is missing, nothing begins", async (t) => {
  const cwd = project(t, "[alias]\nx = 'touch began && es-hosts a.x | es-nosuch | cat'\n");
  const ran = await expectStatus(1, "es", ["x"], { cwd });
  assert.match(ran.stderr, /^es: exec-failed: es-nosuch: there is no such program in PATH$/m);
  assert.ok(!existsSync(join(cwd, "began")));
});

test("a name that is nothing is a mistake, with the nearest name", async (t) => {
  const cwd = project(t, "[alias]\nroll = 'echo x'\n");
  assert.match(
    await mistake(cwd, ["hots"]),
    /there is no es-hots in PATH and no alias hots; did you mean hosts\?/,
  );
  assert.match(await mistake(cwd, ["depoly"]), /did you mean deploy\?/);
  assert.match(await mistake(cwd, ["rol"]), /did you mean roll\?/);
  assert.match(await mistake(cwd, ["../x"]), /\.\.\/x is no name of an executable or alias/);
});

test("alone, it lists what may follow", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "essay.toml"), '[alias]\nrolls = "es-hosts {1:ROLE}"\npick = "es-hosts dev"\n');
  const ran = await expectStatus(2, "es", [], { cwd });
  assert.match(ran.stdout, /^programs:\n {2}check .*\n {2}wheel .*\naliases:\n/s, ran.report);
  assert.match(ran.stdout, /^ {2}rolls +es-hosts \{1:ROLE\}$/m, ran.report);
  assert.match(ran.stdout, /^ {2}pick +never run: es-pick goes before it$/m, ran.report);
  assert.match(ran.stderr, /say which program or alias to run/, ran.report);
});

test("a plug-in is any es-NAME in PATH", async (t) => {
  const cwd = scratch(t);
  const plugin = join(cwd, "es-hello");
  writeFileSync(plugin, '#!/bin/sh\necho "hello $*"; exit 3\n');
  chmodSync(plugin, 0o755);
  const ran = await expectStatus(3, "es", ["hello", "a", "--b"], {
    cwd,
    env: { PATH: `${cwd}:${process.env.PATH}` },
  });
  assert.equal(ran.stdout, "hello a --b\n");
});

test("mistakes in arguments name what is missing or too much", async (t) => {
  const cwd = project(t, 'project = "essay_demo"\n');
  assert.match(await mistake(cwd, ["deploy"]), /deploy: -R ROLE is missing/);
  assert.match(await mistake(cwd, ["deploy", "-R", "dev"]), /deploy: VENV is missing/);
  assert.match(await mistake(cwd, ["deploy", "-R", "dev", "1", "a", "p", "more"]), /deploy takes no more/);
  assert.match(await mistake(cwd, ["switch", "a"]), /switch: DST is missing/);
});

test("an alias that needs a key which nobody says", async (t) => {
  assert.match(
    await mistake(scratch(t), ["deploy", "-R", "dev", "1.0", "a"]),
    /deploy needs the key project in essay\.toml/,
  );
});

test("a wrong alias is told when it is run", async (t) => {
  const cwd = project(t, "[alias]\nx = 'echo a > b'\n");
  assert.match(await mistake(cwd, ["x"]), /an alias is programs, words, .* not > b/);
  assert.ok(!existsSync(join(cwd, "b")));
});

for (const flag of ["--dry-run", "-q", "--json", "--timeout=5", "-j3"])
  test(`es ${flag} NAME is a mistake: no step would see it`, async (t) => {
    const cwd = project(t, "[alias]\nx = 'touch began'\n");
    assert.match(await mistake(cwd, [flag, "x"]), /is no flag of es: it belongs behind x/);
    assert.ok(!existsSync(join(cwd, "began")));
  });

test("mistakes are told before any balancer is asked, and what it takes to ask them", async (t) => {
  const toml = 'project = "demo"\n[roles]\nnginx = ["@local"]\nweb = ["@local"]\n';
  const cwd = project(t, toml);
  assert.match(await mistake(cwd, ["release", "-R", "web"]), /^es: release: VERSION is missing$/m);
  assert.match(
    await mistake(cwd, ["release", "1.0"]),
    /^es: not-configured: release needs -R ROLE or the key deploy\.role in essay\.toml$/m,
  );
  assert.match(await mistake(cwd, ["rollback", "-R", "web", "x"]), /^es: rollback takes no x$/m);
  for (const args of [
    ["release", "1.0"],
    ["--print", "rollback"],
  ])
    assert.match(
      await mistake(cwd, [...args, "-R", "web"]),
      /^es: nginx\.sides names the two sides, such as/m,
    );
  const other = project(
    t,
    '[nginx]\nrole = "lb"\nsides = { a = "upstreamA", b = "upstreamB" }\n[alias]\nx = "echo {idle}"\n',
  );
  assert.match(await mistake(other, ["x"]), /^es: there is no role lb/m);
});

test("what was not begun after a failure is told", async (t) => {
  const cwd = project(t, "[alias]\nx = 'false && touch {1} | cat && echo done'\n");
  const ran = await expectStatus(1, "es", ["x", "a b"], { cwd });
  assert.match(ran.stderr, /^es: ended with status 1; not begun: touch 'a b' \| cat && echo done$/m);
});

test("--env and --config hold for every stage", async (t) => {
  const cwd = scratch(t);
  const text = "[roles]\ndev = ['dev.x']\n[env.prod.roles]\ndev = ['prod.x']\n[alias]\nx = 'es-hosts dev'\n";
  writeFileSync(join(cwd, "other.toml"), text);
  const ran = await expectStatus(0, "es", ["--config", "other.toml", "--env", "prod", "x"], { cwd });
  assert.equal(recordsOf(ran.stdout)[0].host, "prod.x");
});

test("the stages of an alias share a session, whichever pipeline they are in", async (t) => {
  const cwd = project(t, "[alias]\nx = 'sh say.sh | sh say.sh && sh say.sh'\ny = 'sh say.sh'\n");
  writeFileSync(join(cwd, "say.sh"), 'cat; echo "at $ESSAY_SESSION"\n');
  const env = { ESSAY_SESSION: "" };
  const ran = await expectStatus(0, "es", ["x"], { cwd, env });
  assert.match(ran.stdout, /^(at \/.+\n)\1\1$/);
  const alone = await expectStatus(0, "es", ["y"], { cwd, env });
  assert.equal(alone.stdout, "at \n");
});

/** Starts es with an alias whose stages have all begun when it resolves. */
async function slowAlias(t: TestContext) {
  const cwd = project(t, "[alias]\nslow = 'sh slow.sh | sh slow.sh'\n");
  writeFileSync(join(cwd, "slow.sh"), "echo $$ >>pids\nexec sleep 1000\n");
  const { child } = underWay(t, "es", ["slow"], process.env, cwd);
  const file = join(cwd, "pids");
  await until("both stages", () => existsSync(file) && readFileSync(file, "utf8").split("\n").length === 3);
  const stages = readFileSync(file, "utf8").trim().split("\n").map(Number);
  return { child, stages };
}

for (const signal of ["SIGTERM", "SIGINT"] as const)
  test(`${signal} ends the stages, and es by that signal`, async (t) => {
    const { child, stages } = await slowAlias(t);
    child.kill(signal);
    assert.deepEqual(await once(child, "exit"), [null, signal]);
    await until("the end of the stages", () => stages.every((pid) => identity(pid) === undefined));
  });

test("a signal that comes before the first stage is there ends it all", async (t) => {
  const directory = scratch(t);
  const script = `mkfifo config
    "$0" "$1" --config config try & exec 3>config
    kill -TERM $!
    printf '%s\\n' '[alias]' 'try = "touch begun"' >&3; exec 3>&-
    wait $!; echo "status $?"`;
  const ran = await program("bash", ["-c", script, process.execPath, fileOf("es") ?? ""], { cwd: directory });
  assert.equal(ran.stdout, "status 143\n", ran.report);
  assert.ok(!existsSync(join(directory, "begun")), ran.report);
});
