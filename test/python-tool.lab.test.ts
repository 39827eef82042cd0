// Whoever knows the Python tool finds each of its commands and settings: the tables of README.md and essay(7), row by
// row, in one project on an SSH host, whose configuration comes from its fabfile.

import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../lib/config/load.js";
import { answersOf, type Deployment, pidsOf, startDeployment } from "./lab/deployment.js";
import { fetchPage } from "./lab/http.js";
import { type LabNginx, layOutNginx, nginxBin } from "./lab/nginx.js";
import { freePrefix } from "./lab/ports.js";
import { type Ran, recordsOf } from "./lab/program.js";

const read = (file: string) =>
  readFileSync(join(fileURLToPath(new URL("../../", import.meta.url)), file), "utf8");

let lab: Deployment;
let nginx: LabNginx;
let ports: [string, string];
let commit: string;
/** What stands for the words in capital letters. */
let words: Record<string, string>;
/** The outcomes that later rows look at. */
const seen: Record<string, Ran> = {};

const prefix = () => join(lab.ssh.hosts[0]?.home ?? "", "sites");
const cache = () => join(lab.project, "../checkouts");

/** The settings of an essay of old, with other values than essay's own. */
const fabfile = (host: string) => `
import os
from fabric.state import env
PROJECT_ROOT = os.path.dirname(os.path.dirname(__file__))
env.GIT_SERVER = 'https://git.example/'
env.PROJECT = 'essay_demo'
env.BUILD_PATH = '${cache()}'
env.PROJECT_OWNER = 'lab'
env.DEFAULT_BRANCH = 'stable'
env.PYPI_INDEX = '${lab.index.url}'
env.PROCESS_COUNT = 1
env.roledefs = {'dev': ['${host}'], 'nginx': ['${host}']}
env.VIRTUALENV_PREFIX = '${prefix()}'
env.SUPERVISOR_CONF_TEMPLATE = os.path.join(PROJECT_ROOT, 'deploy', 'supervisord.conf')
env.VENV_PORT_PREFIX_MAP = {'a': '${ports[0]}', 'b': '${ports[1]}'}
env.NGINX_BIN = '${nginxBin}'
env.NGINX_CONF = '${nginx.conf}'
env.NGINX_SWITCH_CONF = '${nginx.conf}'
`;

/** Commands as a person would type them, in the project, whose index is the one that the configuration names. */
const sh = (script: string) =>
  lab.sh(script, { env: { ESSAY_INDEX: "", GIT_CONFIG_GLOBAL: join(lab.project, "../git") } });

async function good(script: string): Promise<Ran> {
  const ran = await sh(script);
  assert.equal(ran.status, 0, ran.report);
  return ran;
}

before(async () => {
  lab = await startDeployment({ hosts: 1 });
  const [host] = lab.ssh.hosts;
  assert.ok(host);
  ports = [await freePrefix(), await freePrefix()];
  const [a, b] = ports;
  nginx = await layOutNginx({
    upstreams: { upstreamA: [`127.0.0.1:${a}0`], upstreamB: [`127.0.0.1:${b}0`] },
    user: { uid: host.uid, gid: host.gid },
  });
  const { project } = lab;
  writeFileSync(
    join(project, "../git"),
    `[url "${project}/../there/"]\n\tinsteadOf = https://git.example/\n`,
  );
  mkdirSync(join(project, "deploy"));
  renameSync(join(project, "conf/supervisord.conf"), join(project, "deploy/supervisord.conf"));
  appendFileSync(join(project, "deploy/supervisord.conf"), "; of old\n");
  mkdirSync(join(project, "fabfile"));
  writeFileSync(join(project, "fabfile/__init__.py"), fabfile(host.entry));
  await good(`rm essay.toml && es import -o essay.toml fabfile/__init__.py`);
  appendFileSync(
    join(project, "essay.toml"),
    `
[env.hooks.deploy]
pre = "echo $ESSAY_VERSION $ESSAY_VENV $ESSAY_PROFILE >before"
post = "cat before; echo after"
`,
  );
  await good(`git checkout -q -b stable && git add -A && git commit -qm 'As it was' &&
    git init -q --bare ../there/lab/essay_demo.git && git push -q ../there/lab/essay_demo.git stable &&
    echo not there >later && git add -A && git commit -qm 'Not pushed'`);
  commit = (await good("git rev-parse stable~1")).stdout.trim();
  words = {
    ...{ NAME: "fixbug", VERSION: "6.1.31.1", COMMIT: commit, BRANCH: "stable", TEMPLATE: "django" },
    ...{ VENV: "a", PROFILE: "test", ROLE: "dev", PROCESS: "essay_demo:essay_demo_0" },
    ...{ SRC: "upstreamA", DST: "upstreamB", BIN: nginxBin, CONF: nginx.conf },
  };
});
after(async () => {
  await nginx?.stop();
  await lab?.stop();
});

interface Row {
  seed: string;
  ours: string;
  /** What its words stand for in this row. */
  words?: () => Record<string, string>;
  /** Behind the command. */
  more?: () => string;
  looks: (ran: Ran) => void | Promise<void>;
}

const state = (name: string) => (ran: Ran) =>
  assert.deepEqual(
    recordsOf(ran.stdout).flatMap(({ processes }) => processes.map((one: { state: string }) => one.state)),
    [name],
    ran.report,
  );
const page = async () => (await fetchPage(nginx.url)).body;

/** In the order in which they are run. */
const commands: readonly Row[] = [
  {
    seed: "es create NAME -t TEMPLATE",
    ours: "es create NAME -t TEMPLATE",
    words: () => ({ NAME: "shop" }),
    looks: async () => {
      await good("cd shop && python3 -m compileall -q shop && git log --format=%s | grep -x 'First commit'");
      await good("rm -r shop");
    },
  },
  {
    seed: "es init NAME",
    ours: "es init NAME",
    words: () => ({ NAME: "other" }),
    looks: async () => {
      await good("test -f other/essay.toml && test ! -e other/.git && rm -r other");
    },
  },
  {
    seed: "fab build.build:NAME,VERSION,COMMIT,BRANCH",
    ours: "es build --name NAME --version VERSION --commit COMMIT",
    looks: (ran) => {
      const [release] = recordsOf(ran.stdout);
      assert.deepEqual([release.version, release.commit], ["6.1.31.1+fixbug", commit], ran.report);
      seen.release = ran;
    },
  },
  {
    seed: "fab build.get_latest_version",
    ours: "es latest",
    looks: (ran) => assert.equal(recordsOf(ran.stdout)[0].version, "6.1.31.1+fixbug", ran.report),
  },
  {
    seed: "fab build.get_next_version",
    ours: "es next",
    looks: (ran) => assert.match(recordsOf(ran.stdout)[0].version, /^\d+\.\d+\.\d+\.1$/, ran.report),
  },
  {
    seed: "fab -R ROLE deploy:VERSION,VENV,PROFILE",
    ours: "es deploy VERSION VENV PROFILE -R ROLE",
    words: () => ({ VERSION: "6.1.31.1+fixbug" }),
    looks: (ran) => {
      const [host] = lab.ssh.hosts;
      assert.deepEqual(answersOf(ran), [`${host?.address} ${ports[0]}0 200`], ran.report);
      seen.deploy = ran;
    },
  },
  {
    seed: "fab -R ROLE supervisor.reload:VENV",
    ours: "es supervisor reload VENV -R ROLE",
    more: () => "--profile test",
    looks: state("RUNNING"),
  },
  {
    seed: "fab -R ROLE supervisor.stop_process:PROCESS,VENV",
    ours: "es supervisor stop PROCESS VENV -R ROLE",
    looks: state("STOPPED"),
  },
  {
    seed: "fab -R ROLE supervisor.start_process:PROCESS,VENV",
    ours: "es supervisor start PROCESS VENV -R ROLE",
    looks: (ran) => {
      state("RUNNING")(ran);
      seen.start = ran;
    },
  },
  {
    seed: "fab -R ROLE supervisor.restart_process:PROCESS,VENV",
    ours: "es supervisor restart PROCESS VENV -R ROLE",
    looks: (ran) => {
      state("RUNNING")(ran);
      assert.notDeepEqual(pidsOf(ran), pidsOf(seen.start as Ran), ran.report);
    },
  },
  {
    seed: "fab -R ROLE deploy.quickdeploy:VENV,PROFILE,BRANCH",
    ours: "es quickdeploy VENV PROFILE BRANCH -R ROLE",
    words: () => ({ VENV: "b" }),
    looks: async (ran) => {
      const [record] = recordsOf(ran.stdout);
      const latest = recordsOf((await good("es latest")).stdout)[0].version;
      assert.equal(record.commit, commit, ran.report);
      assert.deepEqual(record.installed, { essay_demo: latest }, ran.report);
      assert.match((await fetchPage(`http://127.0.0.1:${ports[1]}0/`)).body, new RegExp(` ${latest}\n$`));
    },
  },
  {
    seed: "fab -R ROLE nginx.start:BIN,CONF",
    ours: "es nginx start -R ROLE --bin BIN --conf CONF",
    words: () => ({ ROLE: "nginx" }),
    looks: async () => assert.equal(await page(), "essay_demo 6.1.31.1+fixbug\n"),
  },
  {
    seed: "fab -R ROLE nginx.reload:BIN,CONF",
    ours: "es nginx reload -R ROLE --bin BIN --conf CONF",
    words: () => ({ ROLE: "nginx" }),
    looks: (ran) => assert.match(ran.stderr, /nginx reloaded/, ran.report),
  },
  {
    seed: "fab -R ROLE nginx.switch:SRC,DST,root,BIN,CONF",
    ours: "es nginx switch SRC DST -R ROLE --become root --bin BIN --conf CONF",
    words: () => ({ ROLE: "nginx", "--become root ": "" }),
    looks: async () => {
      assert.notEqual(await page(), "essay_demo 6.1.31.1+fixbug\n");
      const shown = await good("es --print nginx switch a b --become root");
      assert.match(shown.stdout, /^es-hosts nginx --become=root \| es-nginx-switch a b$/m);
    },
  },
  {
    seed: "fab -R ROLE nginx.stop:BIN,CONF",
    ours: "es nginx stop -R ROLE --bin BIN --conf CONF",
    words: () => ({ ROLE: "nginx" }),
    looks: () => assert.rejects(page()),
  },
  {
    seed: "es -h",
    ours: "es -h",
    looks: (ran) => assert.match(ran.stdout, /^es: run es-NAME/, ran.report),
  },
  {
    seed: "es pinstall PACKAGE",
    ours: "es pinstall PACKAGE",
    words: () => ({ PACKAGE: "essay_demo==6.1.31.1+fixbug" }),
    more: () => "-q --target theirs",
    looks: () => assert.ok(existsSync(join(lab.project, "theirs/essay_demo/main.py"))),
  },
  {
    seed: "es install PACKAGE",
    ours: "es install PACKAGE",
    words: () => ({ PACKAGE: "dist/essay_demo-6.1.31.1+fixbug-py3-none-any.whl" }),
    more: () => "-q --no-index --target pips",
    looks: () => assert.ok(existsSync(join(lab.project, "pips/essay_demo/main.py"))),
  },
];

for (const { seed, ours, words: own = () => ({}), more = () => "", looks } of commands)
  test(`${seed} is ${ours}`, async () => {
    const values: Record<string, string> = { ...words, ...own() };
    const command = ours.replaceAll(/--become root |\b[A-Z]{2,}\b/g, (word) => values[word] ?? word);
    await looks(await good(`${command} ${more()}`));
  });

const deployed = () => recordsOf((seen.deploy as Ran).stdout)[0];
const released = () => recordsOf((seen.release as Ran).stdout)[0];

/** By the name of the Python tool: our key, and what shows that it counts. */
const settings: Record<string, [key: string, looks: () => void | Promise<void>]> = {
  GIT_SERVER: ["git.repo", () => assert.equal(released().commit, commit)],
  PROJECT: ["project", () => assert.equal(released().project, "essay_demo")],
  BUILD_PATH: ["build.path", () => assert.equal(readdirSync(cache()).length > 0, true)],
  PROJECT_OWNER: ["git.repo", () => assert.equal(released().commit, commit)],
  DEFAULT_BRANCH: [
    "git.branch",
    async () => {
      const [packed] = recordsOf((await good("es-version use 6.1.31.2 | es-sdist")).stdout);
      assert.deepEqual([packed.branch, packed.commit], ["stable", commit]);
    },
  ],
  PYPI_INDEX: ["index.url", () => assert.equal(released().index, lab.index.url)],
  PROCESS_COUNT: ["deploy.processes", () => assert.equal(deployed().processes.length, 1)],
  roledefs: ["roles", () => assert.deepEqual(deployed().roles, ["dev"])],
  VIRTUALENV_PREFIX: ["deploy.prefix", () => assert.equal(deployed().venv.path, join(prefix(), "a"))],
  DEPLOY_PRE_DEPLOY: [
    "deploy.pre",
    async () => {
      const ran = await good("es --env hooks deploy -R dev 6.1.31.1+fixbug a test");
      assert.equal(recordsOf(ran.stdout)[0].ran.stdout, "6.1.31.1+fixbug a test\nafter\n", ran.report);
      seen.hooks = ran;
    },
  ],
  DEPLOY_POST_DEPLOY: [
    "deploy.post",
    () => assert.match(recordsOf((seen.hooks as Ran).stdout)[0].ran.stdout, /after\n$/),
  ],
  SUPERVISOR_CONF_TEMPLATE: [
    "supervisor.template",
    () => assert.match(readFileSync(join(prefix(), "a/etc/supervisord.conf"), "utf8"), /^; of old$/m),
  ],
  VENV_PORT_PREFIX_MAP: ["ports", () => assert.equal(deployed().processes[0].port, Number(`${ports[0]}0`))],
  NGINX_BIN: ["nginx.bin", async () => void (await good("es nginx start"))],
  NGINX_CONF: ["nginx.conf", async () => assert.match(await page(), /^essay_demo /)],
  NGINX_SWITCH_CONF: [
    "nginx.switch_conf",
    async () => {
      await good("es nginx switch upstreamB upstreamA");
      assert.equal(await page(), "essay_demo 6.1.31.1+fixbug\n");
    },
  ],
};

for (const [seed, [key, looks]] of Object.entries(settings))
  test(`env.${seed} is ${key}`, async () => {
    const configFile = join(lab.project, "essay.toml");
    const { values } = await loadConfig({ configFile, configEnv: "hooks" });
    const value = key.split(".").reduce<unknown>((table, name) => Object(table)[name], values);
    assert.notEqual(value, undefined, readFileSync(configFile, "utf8"));
    await looks();
  });

/** The rows of README.md, and those of essay(7). */
const readme = [...read("README.md").matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\|$/gm)].map(([, seed, ours]) => [
  seed,
  ours,
]);
const manual = [...read("man/essay.7").matchAll(/^\.It Li (.*)\n\.Li (.*)$/gm)].map(([, seed, ours]) => [
  seed,
  ours,
]);
const rows = [
  ...commands.map(({ seed, ours }) => [seed, ours]),
  ...Object.entries(settings).map(([seed, [key]]) => [`env.${seed}`, key]),
];
const sorted = (all: readonly unknown[]) => all.map((row) => JSON.stringify(row)).sort();

test("README.md and essay(7) have these rows, and no others", () => {
  assert.deepEqual(sorted(readme), sorted(rows));
  assert.deepEqual(sorted(manual), sorted(rows));
});

test("es validate asks the processes of a virtualenv, es sync brings packages to one's own index", async () => {
  const asked = await good("es validate a -R dev --expect 6.1.31.1+fixbug");
  assert.equal(answersOf(asked).length, 1, asked.report);
  const synced = await sh(`es-index mine -- es sync --from ${lab.index.url} essay_demo==6.1.31.1+fixbug`);
  assert.equal(synced.status, 0, synced.report);
  assert.deepEqual(
    readdirSync(join(lab.project, "mine")).filter((name) => name.endsWith(".whl")),
    ["essay_demo-6.1.31.1+fixbug-py3-none-any.whl"],
  );
});
