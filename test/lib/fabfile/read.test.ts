import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readFabfile, type Value } from "../../../lib/fabfile/read.js";
import { scratch } from "../../lab/program.js";

const { signal } = new AbortController();

/** Reads a text as a fabfile. */
function reading(t: TestContext, text: string | Buffer) {
  const file = join(scratch(t), "fabfile.py");
  writeFileSync(file, text);
  return readFabfile(file, signal);
}

/** The values that a text gives env. */
async function valuesOf(t: TestContext, text: string): Promise<Record<string, Value>> {
  const { settings } = await reading(t, text);
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
}

test("what assignments say by themselves is known", async (t) => {
  const values = await valuesOf(
    t,
    `import os, os.path as p
from os.path import join as j
import fabric.api
from fabric import api
from fabric.state import env as e
NUM = 88
LETTERS = ['a', 'b']
WHERE = {'home': '/home/me', 1: 'one'}
env.text = 'a' 'b' u'c'
env.sum = '/srv/' + env.text + "/x"
env.percent = '%d0 %s %02d%%' % (NUM, 'x', 7)
env.named = '%(a)s-%(b)s' % {'a': 1, 'b': 'y'}
env.braces = '{0}{{{1}}}{x}'.format(NUM, 'q', x='z')
env.joined = ','.join(LETTERS + ['c'])
env.f = f'{NUM}/{env.text!s}'
env.path = os.path.join('/a', 'b', 'c')
env.path2 = j(p.dirname(p.dirname('/x/y/z')), p.basename('/k/l'))
env.number = (NUM - 8) * 2 + -1
env.str = str(NUM) + '1'
env.item = WHERE['home'] + WHERE[1] + LETTERS[-1]
env.dict = dict({'k': 1}, l=[1, *LETTERS], **WHERE)
env.tuple, env.none = ('t', True), None
env.A = env.B = 'both'
env['C'] = 'brackets'
fabric.api.env.D = api.env.C
e.E: str = 'alias'
env.update(F=1, **{'G': 2})
env.setdefault('G', 3)
env.setdefault('H', 4)
setattr(env, 'I', 5)
env.I += 1
roles = {'web': ['w1']}
env.roledefs = roles
roles['db'] = ['d1']
env.roledefs['web'].append('w2')
env.roledefs.update(lb=['l1'])
del env.H
`,
  );
  assert.deepEqual(values, {
    text: "abc",
    sum: "/srv/abc/x",
    percent: "880 x 07%",
    named: "1-y",
    braces: "88{q}z",
    joined: "a,b,c",
    f: "88/abc",
    path: "/a/b/c",
    path2: "/x/l",
    number: 159,
    str: "881",
    item: "/home/meoneb",
    dict: {
      dict: [
        ["k", 1],
        ["l", [1, "a", "b"]],
        ["home", "/home/me"],
        [1, "one"],
      ],
    },
    tuple: ["t", true],
    none: null,
    A: "both",
    B: "both",
    C: "brackets",
    D: "brackets",
    E: "alias",
    F: 1,
    G: 2,
    I: 6,
    roledefs: {
      dict: [
        ["web", ["w1", "w2"]],
        ["db", ["d1"]],
        ["lb", ["l1"]],
      ],
    },
  });
});

test("the fabfile's own path is known, as it was named", async (t) => {
  const folder = scratch(t);
  mkdirSync(join(folder, "fabfile"));
  const file = join(folder, "fabfile/__init__.py");
  writeFileSync(file, "import os\nenv.ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))\n");
  const { settings } = await readFabfile(file, signal);
  assert.equal(settings[0]?.value, folder);
});

test("what is only known when it runs is told, with its line", async (t) => {
  const values = await valuesOf(
    t,
    `import os, other
def hosts(): return []
env.a = hosts()
env.b = os.environ['HOME']
env.c = 'x' if other else 'y'
env.d = [h for h in 'ab']
env.e = NOWHERE
env.f = other
env.g = hosts
env.h = lambda: 1
env.i = b'bytes'
env.j = '%99999d' % 1
env.k = '{0.__class__}'.format(1)
env.l = {'x': ['y', hosts()]}
env.m = 2 ** 9
env.n = os.path.expanduser('~')
env.o = 1.5
env.p = 'x' * 3
env.q = os.path.abspath('here')
env.r = f'{1:999999999}'
`,
  );
  for (const [at, name] of [..."abcdefghijklmnopqr"].entries()) {
    const shown = JSON.stringify(values[name]);
    assert.match(shown, /"unknown":"|"function":"(hosts|a lambda)"/, name);
    if (!"gjq".includes(name)) assert.match(shown, new RegExp(`"line":${at + 3}\\b`), name);
  }
  assert.deepEqual(values.g, { function: "hosts", line: 2 });
  assert.deepEqual(values.f, { unknown: "other in it is imported, as other", line: 8 });
});

test("what a branch, a loop or a function sets does not count, and makes names uncertain", async (t) => {
  const { settings, left, code } = await reading(
    t,
    `NUM = 1
env.A = 'certain'
if DEBUG:
    env.A = 'perhaps'
    NUM = 2
else:
    env['B'] = 'b'
for x in 'ab':
    env.roledefs[x] = []
try:
    import foo
except ImportError:
    env.C = 1
def staging():
    env.D = 'd'
    global G
    OWN = 5
OWN = 'o'
env.E = NUM
env.F = OWN
env.H = env.A
env.J = 1
env.J = 2
staging('secret')
from .more import *
env.K = OWN
`,
  );
  const value = (name: string) => settings.find((one) => one.name === name)?.value;
  assert.equal(value("A"), "certain");
  for (const name of ["B", "C", "D"]) assert.equal(value(name), undefined);
  assert.deepEqual(value("E"), { unknown: "NUM in it is set in line 5, which depends on line 3", line: 5 });
  assert.equal(value("F"), "o");
  assert.deepEqual(value("H"), { unknown: "env.A in it may be set in line 4", line: 21 });
  assert.equal(value("J"), 2);
  assert.match(JSON.stringify(value("K")), /may come from the import in line 25/);
  assert.deepEqual(
    left.map(({ name, line, why }) => [name, line, why]),
    [
      ["A", 4, "it depends on line 3"],
      ["B", 7, "it depends on line 3"],
      ["roledefs", 9, "it depends on line 8"],
      ["C", 13, "it depends on line 10"],
      ["D", 15, "it is in the function staging"],
      ["J", 22, "line 23 sets it again, which counts"],
    ],
  );
  assert.deepEqual(code, [
    { name: "staging", line: 14, kind: "function" },
    { name: "staging", line: 24, kind: "call" },
    { name: ".more", line: 25, kind: "import" },
  ]);
});

test("a container that is changed in an unknown way is known no longer", async (t) => {
  const values = await valuesOf(
    t,
    "a = ['x']\nd = {'k': a}\nenv.A = a\nenv.D = d\na.append(f())\nd.pop('k')\nd[f()] = 1\n",
  );
  assert.match(JSON.stringify(values.A), /^\["x",\{"unknown":/);
  assert.match(JSON.stringify(values.D), /\["",\{"unknown":"line 7 changes it","line":7\}\]/);
});

test("nothing of a fabfile is run or imported", async (t) => {
  const folder = scratch(t);
  const file = join(folder, "fabfile.py");
  const ran = join(folder, "ran");
  // Neither what it says, nor modules beside it that have the names of Python's own.
  for (const name of ["ast.py", "json.py", "evil.py"])
    writeFileSync(join(folder, name), `open(${JSON.stringify(ran)}, "w")\n`);
  writeFileSync(file, `import evil\nopen(${JSON.stringify(ran)}, 'w')\nenv.A = 1\n`);
  const { settings } = await readFabfile(file, signal);
  assert.equal(settings.length, 1);
  assert.ok(!existsSync(ran));
});

test("texts and lists that double themselves, and circles, end", async (t) => {
  const doubling = `a = 'x'\nb = [1]\nc = [1]\n${"a = a + a\nb = b + b\nc = [c, c]\n".repeat(60)}`;
  const values = await valuesOf(
    t,
    `${doubling}d = []\nd.append(d)\nenv.A = a\nenv.B = b\nenv.C = c\nenv.D = d\n`,
  );
  for (const name of "ABCD") assert.match(JSON.stringify(values[name]), /"unknown"/, name);
});

test("statements on one line, and lines that only Python counts", async (t) => {
  const { settings } = await reading(t, "x = '\u2028\x0c'\r\nenv.A = 1; env.B = (\r\n  2)\r\n");
  assert.deepEqual(
    settings.map(({ line, text }) => [line, text]),
    [
      [2, "env.A = 1; env.B = ("],
      [2, "env.A = 1; env.B = (\n  2)"],
    ],
  );
});

test("another encoding is read where the first lines name it", async (t) => {
  const gbk = Buffer.concat([
    Buffer.from("# coding: gbk\nenv.A = '"),
    Buffer.from([0xc4, 0xe3]),
    Buffer.from("'\n"),
  ]);
  assert.equal((await reading(t, gbk)).settings[0]?.value, "你");
  assert.equal((await reading(t, "\uFEFFenv.A = '你'\n")).settings[0]?.value, "你");
});

test("what is no Python 3 is refused, with its line", async (t) => {
  const cases: [string | Buffer, RegExp][] = [
    ["x = 1\nprint 'hello'\n", /:2: this is Python 2 \(print as a statement\).*2to3/],
    ["try:\n  f()\nexcept E, e:\n  pass\n", /:3: this is Python 2 \(except with a comma\)/],
    ["raise E, 'x'\n", /:1: this is Python 2 \(raise with a comma\)/],
    ["m = 0755\n", /:1: this is Python 2 \(a number that begins with 0\)/],
    ["if x <> 1: pass\n", /:1: this is Python 2 \(<>\)/],
    ["x = = 1\n", /:1: Python cannot read it: /],
    ["x = 1\ny = 'a\0b'\n", /Python cannot read it: .*null/],
    [`${"(".repeat(5000)}\n`, /:1: Python cannot read it/],
    [`x = ${"1+".repeat(30_000)}1\n`, /:1: Python cannot read it: it is nested too deeply/],
    [Buffer.from([0x61, 0x3d, 0x31, 0x0a, 0x0a, 0x0a, 0x23, 0xff, 0xfe]), /:4: it is not in utf-8.*iconv/],
    ["# coding: nix\n", /:1: unknown encoding: nix/],
  ];
  for (const [text, message] of cases)
    await assert.rejects(reading(t, text), { name: "UsageError", message }, String(message));
});

test("what is no file to read is refused", async (t) => {
  const folder = scratch(t);
  const large = join(folder, "large.py");
  writeFileSync(large, Buffer.alloc(10_000_000, "#"));
  const cases: [string, RegExp][] = [
    [join(folder, "none.py"), /there is no file .*none\.py/],
    [folder, /is a directory; name the file, such as fabfile\/__init__\.py/],
    ["/dev/null", /is no regular file/],
    [large, /has 10000000 bytes/],
    [join(large, "x"), /cannot read .*ENOTDIR/],
  ];
  for (const [file, message] of cases)
    await assert.rejects(readFabfile(file, signal), { name: "UsageError", message }, String(message));
});

test("read.py has the syntax of Python 3.8", () => {
  const script = fileURLToPath(new URL("../../../../lib/fabfile/read.py", import.meta.url));
  const check = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 8))";
  execFileSync("python3", ["-c", check, script], { stdio: ["ignore", "inherit", "inherit"] });
});
