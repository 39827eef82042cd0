import assert from "node:assert/strict";
import { test } from "node:test";
import { check, type Problem } from "../../../lib/config/schema.js";

/** What is wrong with a document: where, and the sentence. */
function problem(document: unknown): [path: string, message: string] {
  const { path, message } = check(document) as Problem;
  return [path.join("."), message];
}

const known = (document: unknown) => (check(document) as Problem).known;

test("a whole configuration is taken as it is", () => {
  const document = {
    project: "essay_demo",
    version: { scheme: "yy.m.d.n" },
    git: { repo: "git@host:essay_demo.git", branch: "master" },
    build: { on: "builder", path: "~/build", settings: ["a.py"], pre: "make", out: "dist" },
    index: { url: "http://a/simple/", upload: "http://a/", pypi: { url: "http://b/simple/" } },
    roles: {
      dev: ["@local"],
      web: {
        hosts: ["web[1-2].x"],
        user: "u",
        port: 22,
        prefix: "/p",
        bind: "::1",
        become: "b",
        index: "pypi",
        vars: { a: 1, b: "2", c: true },
      },
    },
    deploy: {
      prefix: "~/x",
      processes: 2,
      jobs: 30,
      dirs: ["logs"],
      virtualenv: "virtualenv",
      profile: "p",
      pre: "a",
      post: "b",
      conf: [{ from: "a", to: "b", mode: "0600" }],
    },
    supervisor: { template: "conf/supervisord.conf" },
    ports: { a: "880" },
    check: { http: "/", host: "h", expect: "200" },
    ssh: { config: "ssh_config" },
    nginx: { role: "nginx", bin: "nginx", conf: "/n", switch_conf: "/s", sides: { a: "upstreamA" } },
    alias: { up: "es-hosts dev" },
  };
  assert.deepEqual(check(document), document);
  assert.deepEqual(check({}), {});
});

test("an unknown key comes with those that might have been meant", () => {
  assert.deepEqual(problem({ projet: "x" }), ["projet", "is no key of essay"]);
  assert.deepEqual(problem({ deploy: { proceses: 1 } }), ["deploy.proceses", "is no key of essay"]);
  assert.ok(known({ projet: "x" }).includes("project"));
  assert.ok(known({ deploy: { proceses: 1 } }).includes("processes"));
  assert.ok(known({ deploy: { conf: [{ from: "a", to: "b", modes: "1" }] } }).includes("mode"));
  assert.ok(known({ roles: { dev: { hosts: ["x"], prot: 1 } } }).includes("port"));
  assert.ok(known({ index: { pypi: { ur: "x" } } }).includes("url"));
});

test("a mistyped key of [index] may have been meant as one, or as the name of an index", () => {
  assert.deepEqual(problem({ index: { ulr: "x" } }), ["index.ulr", "must be a table"]);
  assert.ok(known({ index: { ulr: "x" } }).includes("url"));
});

test("a mistyped key is told rather than the one that is missing for it", () => {
  assert.deepEqual(problem({ roles: { dev: { host: ["x"] } } }), ["roles.dev.host", "is no key of essay"]);
  assert.ok(known({ roles: { dev: { host: ["x"] } } }).includes("hosts"));
});

for (const [name, document, path, message] of [
  ["a missing key", { roles: { dev: { user: "x" } } }, "roles.dev.hosts", /^is missing$/],
  ["a missing key in a list", { deploy: { conf: [{ from: "a" }] } }, "deploy.conf.0.to", /^is missing$/],
  [
    "a mode in decimal",
    { deploy: { conf: [{ from: "a", to: "b", mode: "888" }] } },
    "deploy.conf.0.mode",
    /octal/,
  ],
  [
    "a mode for another user",
    { deploy: { conf: [{ from: "a", to: "b", mode: "4755" }] } },
    "deploy.conf.0.mode",
    /octal/,
  ],
  ["a hook without a command", { deploy: { pre: [{ once: true }] } }, "deploy.pre.0.run", /^is missing$/],
  [
    "a hook that is a number",
    { deploy: { post: [1] } },
    "deploy.post.0",
    /^must be a command in quotes, or a table/,
  ],
  ["a number in quotes", { deploy: { processes: "4" } }, "deploy.processes", /^must be a number from 1/],
  ["no process", { deploy: { processes: 0 } }, "deploy.processes", /^must be a number from 1/],
  ["half a process", { deploy: { processes: 1.5 } }, "deploy.processes", /^must be a number from 1/],
  ["port 0", { roles: { dev: { hosts: ["x"], port: 0 } } }, "roles.dev.port", /from 1 to 65535/],
  ["port 70000", { roles: { dev: { hosts: ["x"], port: 70000 } } }, "roles.dev.port", /from 1 to 65535/],
  [
    "a role that is a text",
    { roles: { dev: "web1" } },
    "roles.dev",
    /^must be a list of hosts, .* or a table/,
  ],
  ["a number for a host", { roles: { dev: [1] } }, "roles.dev.0", /^must be a text in quotes$/],
  ["an empty host", { roles: { dev: { hosts: ["a", ""] } } }, "roles.dev.hosts.1", /^must not be empty$/],
  [
    "a list for a variable",
    { roles: { d: { hosts: ["x"], vars: { a: [1] } } } },
    "roles.d.vars.a",
    /^must be a text, a number/,
  ],
  ["a number for a port prefix", { ports: { a: 880 } }, "ports.a", /digits in quotes/],
  ["no digits for a port prefix", { ports: { a: "x" } }, "ports.a", /digits in quotes/],
  [
    "another version scheme",
    { version: { scheme: "y.m" } },
    "version.scheme",
    /^must be one of y\.m\.d\.n, /,
  ],
  ["an empty project", { project: "" }, "project", /^must not be empty$/],
  ["a text for a table", { deploy: "x" }, "deploy", /^must be a table$/],
  ["a list for a table", { deploy: [] }, "deploy", /^must be a table$/],
  ["a list for the table of roles", { roles: ["x"] }, "roles", /^must be a table$/],
  ["a list for the table of indexes", { index: [] }, "index", /^must be a table$/],
  ["a text for everything", "x", "", /^must be a table$/],
] as const)
  test(`${name} is told with its place`, () => {
    const [where, sentence] = problem(document);
    assert.equal(where, path);
    assert.match(sentence, message);
  });

test("no key is proposed where none is unknown", () => {
  for (const document of [{ deploy: { processes: 0 } }, { roles: { dev: { user: "x" } } }, { project: "" }])
    assert.deepEqual(known(document), []);
  assert.ok(!known({ deploy: 3 }).includes("deploy"));
});

test("names that every object has are no names of roles, variables or aliases", () => {
  for (const name of ["__proto__", "constructor", "prototype"]) {
    const table = (value: unknown) => Object.fromEntries([[name, value]]);
    assert.deepEqual(problem({ roles: table(["web1.x"]) }), [
      `roles.${name}`,
      "cannot be the name of anything",
    ]);
    assert.deepEqual(problem({ alias: table("es-hosts dev") })[0], `alias.${name}`);
    assert.deepEqual(problem(table({ x: 1 })), [name, "is no key of essay"]);
  }
});
