import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../lib/config/load.js";
import { expectStatus, recordsOf, scratch, shell, unread } from "../lab/program.js";

/** A project with this fabfile. */
function project(t: TestContext, fabfile: string | Buffer): string {
  const cwd = scratch(t);
  mkdirSync(join(cwd, "fabfile"));
  writeFileSync(join(cwd, "fabfile/__init__.py"), fabfile);
  return cwd;
}

const args = ["-o", "essay.toml", "fabfile/__init__.py"];

const usual = `#coding:utf-8
import os
PROJECT_ROOT = os.path.dirname(os.path.dirname(__file__))
from fabric.state import env
from essay.tasks import build, deploy

env.GIT_SERVER = 'https://github.com/'  # ssh地址只需要填：github.com
env.PROJECT = 'essay_demo'
env.BUILD_PATH = '/opt/deploy/'
env.PROJECT_OWNER = 'EssayTech'
env.DEFAULT_BRANCH = 'master'
env.PYPI_INDEX = 'http://pypi.example/simple/'
env.PROCESS_COUNT = 2  #部署时启动的进程数目
env.roledefs = {
    'build': ['vagrant@127.0.0.1:2202'],  # 打包服务器配置
    'dev': ['essay@10.0.0.7:2202', '10.0.0.8'],
}
env.VIRTUALENV_PREFIX = '/home/essay/%s' % env.PROJECT
env.SUPERVISOR_CONF_TEMPLATE = os.path.join(PROJECT_ROOT, 'conf', 'supervisord.conf')
PROJECT_NUM = 88
env.VENV_PORT_PREFIX_MAP = {
    'a': '%d0' % PROJECT_NUM,
    'b': '%d1' % PROJECT_NUM,
}
env.NGINX_BIN = '/usr/local/nginx/bin/nginx'
env.NGINX_CONF = '/usr/local/nginx/conf/nginx.conf'
env.NGINX_SWITCH_CONF = '/etc/nginx/nginx.conf'

def pre_deploy(version, venv, profile):
    do_something()
env.DEPLOY_PRE_DEPLOY = pre_deploy
env.DEPLOY_POST_DEPLOY = lambda *args: None
`;

test("a fabfile becomes a configuration that essay reads, and its roles the hosts that es-hosts names", async (t) => {
  const cwd = project(t, usual);
  const ran = await expectStatus(0, "es-import", args, { cwd });
  assert.equal(ran.stdout, "");
  assert.match(ran.stderr, /^16 values from fabfile\/__init__\.py; 2 not taken over: see the comments$/m);
  const { values } = await loadConfig({ configFile: join(cwd, "essay.toml"), configEnv: undefined });
  assert.deepEqual(values, {
    project: "essay_demo",
    git: { repo: "https://github.com/EssayTech/essay_demo", branch: "master" },
    build: { path: "/opt/deploy/", on: "build" },
    index: { url: "http://pypi.example/simple/" },
    roles: { build: ["vagrant@127.0.0.1:2202"], dev: ["essay@10.0.0.7:2202", "10.0.0.8"] },
    deploy: { prefix: "/home/essay/essay_demo", processes: 2 },
    supervisor: { template: "conf/supervisord.conf" },
    ports: { a: "880", b: "881" },
    nginx: {
      bin: "/usr/local/nginx/bin/nginx",
      conf: "/usr/local/nginx/conf/nginx.conf",
      switch_conf: "/etc/nginx/nginx.conf",
    },
  });
  const text = readFileSync(join(cwd, "essay.toml"), "utf8");
  assert.match(
    text,
    /^# line 31: env\.DEPLOY_PRE_DEPLOY = pre_deploy\n# {3}.* in line 29; .*deploy\.pre = /m,
  );
  assert.match(text, /^# line 32: env\.DEPLOY_POST_DEPLOY = lambda/m);
  assert.match(text, /^# {3}line 29: pre_deploy$/m);
  const hosts = await expectStatus(0, "es-hosts", ["dev"], { cwd });
  assert.deepEqual(
    recordsOf(hosts.stdout).map(({ host, user, port, prefix }) => ({ host, user, port, prefix })),
    [
      { host: "10.0.0.7", user: "essay", port: 2202, prefix: "/home/essay/essay_demo" },
      { host: "10.0.0.8", user: undefined, port: undefined, prefix: "/home/essay/essay_demo" },
    ],
  );

  const shown = await expectStatus(0, "es-import", args.slice(2), { cwd });
  assert.equal(shown.stdout, text);
});

test("a file that is there is never overwritten", async (t) => {
  const cwd = project(t, usual);
  writeFileSync(join(cwd, "essay.toml"), "# mine\n");
  const ran = await expectStatus(2, "es-import", args, { cwd });
  assert.match(ran.stderr, /essay\.toml is there already/);
  assert.equal(readFileSync(join(cwd, "essay.toml"), "utf8"), "# mine\n");
  // Nor through a link that leads nowhere yet.
  symlinkSync("nowhere", join(cwd, "link.toml"));
  await expectStatus(2, "es-import", ["-o", "link.toml", "fabfile/__init__.py"], { cwd });
  const dry = await expectStatus(0, "es-import", ["--dry-run", "-o", "new.toml", "fabfile/__init__.py"], {
    cwd,
  });
  assert.match(dry.stderr, /^would write new\.toml$/m);
  assert.deepEqual(readdirSync(cwd).sort(), ["essay.toml", "fabfile", "link.toml"]);
});

test("what programs of essay would refuse is not taken over", async (t) => {
  const cwd = project(
    t,
    `env.PROJECT = 'shop'
env.PROCESS_COUNT = 0
env.roledefs = {
    'new': ['username@buildserverip:port'],
    'web.eu': ['w1'],
    '__proto__': ['w1'],
    'constructor': ['w1'],
    'ok': ['w1'],
}
env.VENV_PORT_PREFIX_MAP = {'a': 88000, 'b': 'x', 'c': '880'}
`,
  );
  await expectStatus(0, "es-import", args, { cwd });
  const { values } = await loadConfig({ configFile: join(cwd, "essay.toml"), configEnv: undefined });
  assert.deepEqual(values, {
    project: "shop",
    roles: { ok: ["w1"] },
    deploy: { prefix: "~/w" },
    ports: { c: "880" },
  });
  const text = readFileSync(join(cwd, "essay.toml"), "utf8");
  assert.match(text, /^# line 2: env\.PROCESS_COUNT = 0\n# {3}deploy\.processes must be a number from 1/m);
  assert.match(text, /roledefs\["new"\]\n# {3}host .*a port is a number/);
  assert.match(text, /roledefs\["web\.eu"\]\n# {3}es-hosts would take the name web\.eu for a host/);
  assert.match(text, /roledefs\["__proto__"\]\n/);
  assert.match(text, /PREFIX_MAP\["a"\]\n# {3}ports\.a must be digits/);
});

test("hostile texts stay texts, passwords stay where they are", async (t) => {
  const hostile = '"""\n[deploy]\nprocesses = 9\n\x7f\x1b]0;x\x07\u202e\\';
  const cwd = project(
    t,
    `env.PROJECT = ${JSON.stringify(hostile)}
env.DEFAULT_BRANCH = 'x' if 1 else """
[git]
repo = "evil"
"""
env.PYPI_INDEX = 'https://me:hush@pypi.example/simple/'
env.password = 'hush'
`,
  );
  const ran = await expectStatus(0, "es-import", args, { cwd });
  const text = readFileSync(join(cwd, "essay.toml"), "utf8");
  assert.doesNotMatch(text + ran.stderr, /hush/);
  assert.match(text, /~\/\.netrc/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f\u202e]/);
  const { values } = await loadConfig({ configFile: join(cwd, "essay.toml"), configEnv: undefined });
  assert.deepEqual(values, {
    project: hostile,
    index: { url: "https://pypi.example/simple/" },
    deploy: { prefix: "~/w", processes: 2 },
  });
});

test("a fabfile that cannot be read ends with status 2, one without settings or without a Python with 1", async (t) => {
  const cwd = project(t, "print 'hello'\n");
  const old = await expectStatus(2, "es-import", args, { cwd });
  assert.match(old.stderr, /__init__\.py:1: this is Python 2 \(print as a statement\)/);
  const folder = await expectStatus(2, "es-import", ["fabfile"], { cwd });
  assert.match(folder.stderr, /is a directory/);
  await expectStatus(2, "es-import", ["none.py"], { cwd });
  writeFileSync(join(cwd, "empty.py"), "");
  const empty = await expectStatus(1, "es-import", ["-o", "essay.toml", "empty.py"], { cwd });
  assert.match(empty.stderr, /empty\.py sets nothing of env/);
  await expectStatus(0, "es-import", ["--allow-empty", "empty.py"], { cwd });
  writeFileSync(join(cwd, "some.py"), "env.PROJECT = 'x'\n");
  const none = await expectStatus(1, "es-import", ["some.py"], { cwd, env: { PATH: join(cwd, "bin") } });
  assert.match(none.stderr, /no-program: python3 does not run here: install Python 3\.8/);
  assert.deepEqual(readdirSync(cwd).sort(), ["empty.py", "fabfile", "some.py"]);
});

test("output that cannot be written is told", async (t) => {
  const cwd = project(t, usual);
  const closed = await shell(unread("es-import fabfile/__init__.py"), { cwd });
  assert.equal(closed.status, 1, closed.report);
  assert.match(
    closed.stderr,
    /^es-import: no-reader: cannot write standard output: nobody reads it any more$/m,
  );
  assert.doesNotMatch(closed.stderr, / at /);
  const full = await shell("es-import fabfile/__init__.py >/dev/full", { cwd });
  assert.equal(full.status, 1, full.report);
  assert.match(full.stderr, /disk-full: cannot write standard output/);
});
