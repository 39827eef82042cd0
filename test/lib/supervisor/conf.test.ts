import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import { checkConf, parseConf, portsOf } from "../../../lib/supervisor/conf.js";

const whole = `
[unix_http_server]
file=/run/s.sock
[supervisord]
[rpcinterface:supervisor]
x=y
[supervisorctl]
[program:demo]
command=demo
`;

const fails = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure);
  assert.equal(error.code, "conf-failed");
  assert.match(error.message, message);
  return true;
};

test("reads sections and options as Python's parser does", () => {
  const conf = parseConf(`; comment
stray=1
[a]
Key = one ; comment
colon: two;three
# comment
long=1
  2
  3 # comment
[b]
key=x
[a]
key=again
`);
  assert.deepEqual(
    [...conf].map(([name, options]) => [name, Object.fromEntries(options)]),
    [
      ["a", { key: "again", colon: "two;three", long: "1\n2\n3" }],
      ["b", { key: "x" }],
    ],
  );
});

test("a whole configuration passes", () => {
  checkConf(parseConf(whole), "/x/etc");
  checkConf(parseConf(whole.replace("program:demo", "include")), "/x/etc");
});

test("sections that are needed, and a daemon", () => {
  for (const name of [
    "supervisord",
    "supervisorctl",
    "rpcinterface:supervisor",
    "unix_http_server",
    "program:demo",
  ])
    assert.throws(
      () => checkConf(parseConf(whole.replace(`[${name}]`, "[other]")), "/x"),
      fails(/no section \[/),
    );
  const foreground = whole.replace("[supervisord]", "[supervisord]\nNodaemon = yes");
  assert.throws(() => checkConf(parseConf(foreground), "/x"), fails(/nodaemon/));
});

test("the path of the socket must fit, in bytes, with the pid that supervisord adds at first", () => {
  const at = (path: string) => parseConf(whole.replace("/run/s.sock", path));
  checkConf(at(`/${"x".repeat(98)}`), "/x");
  assert.throws(() => checkConf(at(`/${"x".repeat(99)}`), "/x"), fails(/has 100 bytes, more than 99/));
  assert.throws(() => checkConf(at(`/${"ü".repeat(50)}`), "/x"), fails(/has 101 bytes/));
  assert.throws(() => checkConf(at("%(here)s/s.sock"), `/${"y".repeat(95)}`), fails(/has 103 bytes/));
  checkConf(at(`%(ENV_HOME)s/${"x".repeat(99)}`), "/x");
});

const ports = (program: string, prefix: string) => portsOf(parseConf(`[program:web]\n${program}`), prefix);

test("ports are the numbers of command and environment that begin with the prefix", () => {
  const several = "numprocs=2\nprocess_name=%(program_name)s_%(process_num)02d\n";
  assert.deepEqual(ports(`command=web --port=880%(process_num)d\n${several}`, "880"), [
    { name: "web_00", port: 8800 },
    { name: "web_01", port: 8801 },
  ]);
  assert.deepEqual(ports(`command=web\nenvironment=A="1",PORT="88%(process_num)02d"\n${several}`, "88"), [
    { name: "web_00", port: 8800 },
    { name: "web_01", port: 8801 },
  ]);
  assert.deepEqual(ports("command=web -b 127.0.0.1:8805", "880"), [{ name: "web", port: 8805 }]);
  assert.deepEqual(ports(`numprocs_start=3\ncommand=web -p880%(process_num)d`, "880"), [
    { name: "web", port: 8803 },
  ]);
  assert.deepEqual(ports("command=web --log=880.log --host=1.880.2.3 --id=1880", "880"), []);
  assert.deepEqual(portsOf(parseConf("[supervisord]\ncommand=8800"), "880"), []);
});

test("ports that outgrow the prefix are shown", () => {
  const many = (count: number) =>
    ports(`command=web --port=880%(process_num)d\nnumprocs=${count}\nprocess_name=w%(process_num)d`, "880");
  assert.equal(many(10).length, 10);
  assert.throws(() => many(11), fails(/11 processes of web need more ports than 880 has: .*8809, 88010$/));
  assert.throws(() => ports("command=web --port=70000", "7000"), fails(/they would be 70000/));
});

test("more processes than there are ports are refused, however many are written", () => {
  for (const count of ["1e9", "Infinity", "70000"])
    assert.throws(
      () => portsOf(parseConf(`[program:x]\ncommand=run --port=8800\nnumprocs=${count}\n`), "880"),
      { code: "conf-failed" },
    );
});
