import assert from "node:assert/strict";
import { test } from "node:test";
import type { Setting, Value } from "../../../lib/fabfile/read.js";
import { projectOf, type Surroundings, translate } from "../../../lib/fabfile/settings.js";

const surroundings: Surroundings = { root: "/p", base: "/p", refuse: () => undefined };

/** The entries and omissions of settings, in lines 1, 2 and so on. */
function translated(values: Record<string, Value>, more: Partial<Surroundings> = {}) {
  const settings = Object.entries(values).map(
    ([name, value], at): Setting => ({ name, line: at + 1, text: `env.${name} = the text`, value }),
  );
  const { entries, omissions } = translate({ settings, left: [], code: [] }, { ...surroundings, ...more });
  return {
    entries: Object.fromEntries(entries.map(({ keys, value }) => [keys.join("."), value])),
    omissions,
  };
}

const usual = { "deploy.prefix": "~/w", "deploy.processes": 2 };

test("each of the Python tool's settings has its key", () => {
  const { entries, omissions } = translated({
    GIT_SERVER: "https://git.example/",
    PROJECT: "shop",
    BUILD_PATH: "/opt/deploy/",
    PROJECT_OWNER: "team",
    DEFAULT_BRANCH: "master",
    PYPI_INDEX: "http://pypi.example/simple/",
    PROCESS_COUNT: "3",
    roledefs: {
      dict: [
        ["build", "b@build:2202"],
        ["dev", ["a@10.0.0.7", " 10.0.0.8 ", ""]],
      ],
    },
    VIRTUALENV_PREFIX: "/home/me/shop",
    SUPERVISOR_CONF_TEMPLATE: "/p/conf/supervisord.conf",
    VENV_PORT_PREFIX_MAP: {
      dict: [
        ["a", 880],
        ["b", "881"],
      ],
    },
    NGINX_BIN: "/usr/sbin/nginx",
    NGINX_CONF: "/etc/nginx/nginx.conf",
    NGINX_SWITCH_CONF: "/etc/nginx/up.conf",
    SETTINGS_BASE_FILE: "shop/base.py",
    HTTP_PROXY: "http://proxy.example:3128",
    VIRTUALENV_BIN: "/opt/virtualenv",
    VIRTUALENV_SUB_DIRS: ["run", "logs"],
    LOCAL_SERVER_CONF: [["/p/conf/a.conf", "etc/a.conf"]],
    pool_size: 50,
  });
  assert.deepEqual(omissions, []);
  assert.deepEqual(entries, {
    "git.repo": "https://git.example/team/shop",
    project: "shop",
    "git.branch": "master",
    "build.path": "/opt/deploy/",
    "build.settings": ["shop/base.py"],
    "deploy.prefix": "/home/me/shop",
    "deploy.processes": 3,
    "deploy.jobs": 50,
    "deploy.virtualenv": "/opt/virtualenv",
    "deploy.dirs": ["logs", "etc", "tmp", "run"],
    "deploy.conf": [{ from: "conf/a.conf", to: "etc/a.conf" }],
    "supervisor.template": "conf/supervisord.conf",
    "nginx.bin": "/usr/sbin/nginx",
    "nginx.conf": "/etc/nginx/nginx.conf",
    "nginx.switch_conf": "/etc/nginx/up.conf",
    "index.url": "http://pypi.example/simple/",
    "index.proxy": "http://proxy.example:3128",
    "roles.build": ["b@build:2202"],
    "roles.dev": ["a@10.0.0.7", "10.0.0.8"],
    "build.on": "build",
    "ports.a": "880",
    "ports.b": "881",
  });
});

test("a git server that is a name alone is reached by ssh", () => {
  const { entries } = translated({ GIT_SERVER: "git.example", PROJECT_OWNER: "team", PROJECT: "shop" });
  assert.deepEqual(entries, { "git.repo": "git@git.example:team/shop", project: "shop", ...usual });
});

test("hooks and what has no key are told with the way on", () => {
  const { entries, omissions } = translated({
    DEPLOY_PRE_DEPLOY: { function: "before", line: 40 },
    DEPLOY_POST_DEPLOY: { unknown: "after in it is imported, as x.after", line: 2 },
    VALIDATOR_CLASS: "shop.Validator",
    GIT_SERVER: "github.com",
    PROJECT_OWNER: "team",
    unheard: 1,
  });
  assert.deepEqual(entries, {});
  const why = omissions.map((one) => one.why);
  assert.match(why[0] ?? "", /function or class, before in line 40; write its commands as deploy\.pre = /);
  assert.match(why[1] ?? "", /imported, as x\.after; write its commands as deploy\.post = /);
  assert.match(why[2] ?? "", /es-check\(1\)/);
  assert.match(why[3] ?? "", /PROJECT_OWNER and PROJECT are to be known, too; git\.repo/);
  assert.match(why[4] ?? "", /GIT_SERVER and PROJECT/);
  assert.equal(why[5], "essay has no key for it");
  assert.equal(omissions[0]?.text, "env.DEPLOY_PRE_DEPLOY = the text");
});

test("values of a wrong type are not taken over", () => {
  const wrong: Record<string, Value> = {
    PROJECT: 5,
    DEFAULT_BRANCH: "",
    PROCESS_COUNT: "two",
    VIRTUALENV_SUB_DIRS: "run",
    LOCAL_SERVER_CONF: [["only one"]],
    roledefs: ["web1"],
    VENV_PORT_PREFIX_MAP: "880",
    NGINX_BIN: null,
    BUILD_PATH: "half \ud800",
    PYPI_INDEX: { dict: [] },
  };
  const { entries, omissions } = translated(wrong);
  assert.deepEqual(entries, {});
  assert.deepEqual(
    omissions.map(({ line }) => line),
    Object.keys(wrong).map((_, at) => at + 1),
  );
});

test("a role, or a port, that is not known leaves the others alone", () => {
  const refuse = (keys: readonly string[]) => (keys[1] === "bad" ? "it is bad" : undefined);
  const { entries, omissions } = translated(
    {
      roledefs: {
        dict: [
          ["web", ["w1"]],
          ["dev", [""]],
          ["far", { unknown: "its value is computed", line: 9 }],
          ["some", ["s1", { unknown: "computed", line: 10 }]],
          ["bad", ["x"]],
        ],
      },
      VENV_PORT_PREFIX_MAP: {
        dict: [
          ["a", "880"],
          ["bad", 881],
        ],
      },
    },
    { refuse },
  );
  assert.deepEqual(entries, { "roles.web": ["w1"], "ports.a": "880", ...usual });
  assert.deepEqual(
    omissions.map(({ line, text }) => [line, text]),
    [
      [1, 'env.roledefs["dev"]'],
      [1, 'env.roledefs["some"]'],
      [1, 'env.roledefs["bad"]'],
      [2, 'env.VENV_PORT_PREFIX_MAP["bad"]'],
      [9, 'env.roledefs["far"]'],
    ],
  );
});

test("user and port of env hold for all roles", () => {
  const roledefs = { dict: [["web", ["w1"]]] as [Value, Value][] };
  const { entries } = translated({ user: "me", port: "2222", roledefs });
  assert.deepEqual(entries["roles.web"], { hosts: ["w1"], user: "me", port: 2222 });
  assert.equal(translated({ user: "me" }).omissions.length, 1);
});

test("passwords are in no value and no omission", () => {
  const { entries, omissions } = translated({
    PYPI_INDEX: "https://me:hush@pypi.example/simple/",
    GIT_SERVER: "https://hush@git.example",
    PROJECT_OWNER: "team",
    PROJECT: "shop",
    HTTP_PROXY: "http://me:hush@proxy.example:3128",
    BUILD_PATH: "https://me:hush@build.example",
    NGINX_BIN: ["https://me:hush@x.example"],
    roledefs: { dict: [["web", ["me:hush@web1"]]] },
    password: "hush",
    passwords: { dict: [["web1", "hush"]] },
    unheard: ["https://me:hush@x.example"],
  });
  assert.doesNotMatch(JSON.stringify([entries, omissions]), /hush/);
  assert.equal(entries["index.url"], "https://pypi.example/simple/");
  assert.equal(entries["git.repo"], "https://git.example/team/shop");
  assert.equal(entries["index.proxy"], undefined);
  assert.match(
    omissions[0]?.why ?? "",
    /"machine pypi\.example login USER password PASSWORD" into ~\/\.netrc/,
  );
  for (const text of [
    "env.X = f(password='hush')",
    "env.X = 'http://me:' + 'hush' + '@' + HOST",
    "env.roledefs = {'web': ['me:hush@web1']}",
  ]) {
    const left = [{ name: "X", line: 1, text, why: "it depends on line 1" }];
    assert.doesNotMatch(JSON.stringify(translate({ settings: [], left, code: [] }, surroundings)), /hush/);
  }
});

test("what the Python tool takes by itself is said, but not where the fabfile says something that is not known", () => {
  const left = [{ name: "PROCESS_COUNT", line: 1, text: "", why: "it depends on line 1" }];
  const settings: Setting[] = [{ name: "PROJECT", line: 2, text: "", value: "shop" }];
  const { entries } = translate({ settings, left, code: [] }, surroundings);
  assert.deepEqual(
    entries.map(({ keys }) => keys.join(".")),
    ["project", "deploy.prefix"],
  );
});

test("paths in the project are relative to essay.toml", () => {
  const template = (path: string, base: string) =>
    translated({ SUPERVISOR_CONF_TEMPLATE: path }, { base }).entries["supervisor.template"];
  assert.equal(template("/p/conf/s.conf", "/p"), "conf/s.conf");
  assert.equal(template("conf/s.conf", "/p"), "conf/s.conf");
  assert.equal(template("/p/conf/s.conf", "/p/deploy"), "../conf/s.conf");
  assert.equal(template("/elsewhere/s.conf", "/p"), "/elsewhere/s.conf");
  assert.equal(template("/pp/s.conf", "/p"), "/pp/s.conf");
});

test("a fabfile is a package or a file of its project", () => {
  assert.equal(projectOf("/p/fabfile/__init__.py"), "/p");
  assert.equal(projectOf("/p/fabfile.py"), "/p");
});
