import assert from "node:assert/strict";
import { test } from "node:test";
import { expand, namesSide, parseTemplate } from "../../../lib/alias/template.js";
import { Failure, UsageError } from "../../../lib/base/failure.js";

const configuration: Record<string, string> = { project: "essay_demo", "nginx.role": "lb" };

const sides = { live: "a", idle: "b" };

/** The alias "x" of a text, with arguments in place. */
function expanded(text: string, ...args: string[]): string[][][] {
  return expand("x", parseTemplate(text), args, (key) => configuration[key], sides);
}

function mistake(message: RegExp, work: () => unknown) {
  assert.throws(work, (error) => error instanceof UsageError && message.test(error.message));
}

test("programs, words, | and &&", () => {
  assert.deepEqual(expanded("es-hosts dev|es-venv a  |\n es-report && echo done"), [
    [["es-hosts", "dev"], ["es-venv", "a"], ["es-report"]],
    [["echo", "done"]],
  ]);
});

test("quotes keep a word together, and nothing in them means anything", () => {
  assert.deepEqual(expanded(`echo 'a | b && {1} $x' "it's" pre'fix 'x ''`), [
    [["echo", "a | b && {1} $x", "it's", "prefix x", ""]],
  ]);
});

test("operands by their number", () => {
  assert.deepEqual(expanded("a {2:DST} {1:SRC} {1}-{2}.x", "one", "two"), [
    [["a", "two", "one", "one-two.x"]],
  ]);
});

test("whatever is in an operand, it is one word", () => {
  assert.deepEqual(expanded("a {1}", "x | y && z; $(touch w) '{2}'"), [
    [["a", "x | y && z; $(touch w) '{2}'"]],
  ]);
});

test("flags, in both spellings", () => {
  assert.deepEqual(expanded("a {-R} --b={--branch}", "-R", "dev", "--branch=master"), [
    [["a", "dev", "--b=master"]],
  ]);
  assert.deepEqual(expanded("a {-R}", "-R=a=b"), [[["a", "a=b"]]]);
});

test("a stage may be there only with a flag, or only without it", () => {
  const text = "{unless --retry} a {-R} {2?} | {if --retry} b --role={-R?} {--retry} | c {1}";
  assert.deepEqual(expanded(text, "-R", "dev", "x"), [
    [
      ["a", "dev"],
      ["c", "x"],
    ],
  ]);
  assert.deepEqual(expanded(text, "x", "--retry", "f"), [
    [
      ["b", "f"],
      ["c", "x"],
    ],
  ]);
  assert.deepEqual(expanded(text, "x", "--retry=f", "-R", "dev"), [
    [
      ["b", "--role=dev", "f"],
      ["c", "x"],
    ],
  ]);
  // What only an absent stage would take is taken by none.
  assert.deepEqual(expanded(text, "x", "y", "-R", "dev"), [
    [
      ["a", "dev", "y"],
      ["c", "x"],
    ],
  ]);
  mistake(/^x takes no y$/, () => expanded(text, "x", "y", "--retry", "f"));
  mistake(/^x: -R is missing$/, () => expanded(text, "x"));
  mistake(/^x: --retry needs a value$/, () => expanded(text, "x", "--retry"));
  assert.deepEqual(expanded("{if --all} a && b {--all!}"), [[["b"]]]);
  assert.deepEqual(expanded("{if --all} a && b {--all!}", "--all"), [[["a"]], [["b", "--all"]]]);
});

test("a stage may depend on a key of the configuration, whatever its value is", () => {
  const text = "a | {if config.k} b | {unless config.k} c {config.k?}";
  const all = (value: unknown) =>
    expand("x", parseTemplate(text), [], (key) => (key === "k" ? value : undefined), sides);
  for (const value of ["x", 0, false, ["x"], {}]) assert.deepEqual(all(value), [[["a"], ["b"]]]);
  for (const value of [undefined, []]) assert.deepEqual(all(value), [[["a"], ["c"]]]);
});

test("all conditions of a stage count, and their flags need to be nowhere else", () => {
  const text = "a | {if --x} {unless --y} {if config.project} b";
  assert.deepEqual(expanded(text), [[["a"]]]);
  assert.deepEqual(expanded(text, "--x"), [[["a"], ["b"]]]);
  assert.deepEqual(expanded(text, "--y", "--x"), [[["a"]]]);
  mistake(/^x takes no --x=1$/, () => expanded(text, "--x=1"));
  mistake(/^x takes no config\.project$/, () => expanded(text, "config.project"));
});

test("the sides stand for their names, in words and alone", () => {
  assert.deepEqual(expanded("a {idle} --from={live} | b {live}{idle}"), [
    [
      ["a", "b", "--from=a"],
      ["b", "ab"],
    ],
  ]);
  for (const text of ["{live?}", "{idle=a}", "{idle:SIDE}", "{live!}"])
    mistake(/knows no placeholder/, () => expanded(`a ${text}`));
  mistake(/^x: \{idle\} makes the word --c, which/, () =>
    expand("x", parseTemplate("a {idle}"), [], () => undefined, { live: "a", idle: "--c" }),
  );
});

test("the balancers are to be asked only where a stage that is there names a side", () => {
  const asks = (text: string, ...args: string[]) => namesSide(parseTemplate(text), args, () => undefined);
  assert.ok(asks("a | b && c --to={idle}"));
  assert.ok(!asks("a | b '{idle}' && c {1}"));
  assert.ok(!asks("a | {if --x} b {live}"));
  assert.ok(asks("a | {if --x} b {live}", "--x"));
});

test("a condition stands before a program, and nowhere else", () => {
  mistake(/are the first words of a stage/, () => expanded("a {if --x} b"));
  mistake(/are the first words of a stage/, () => expanded("a b{unless --x}"));
  mistake(/are the first words of a stage/, () => expanded("{if --x} a {unless --y}"));
  mistake(/a stage without a program/, () => expanded("{if --x} | a"));
  mistake(/a stage without a program/, () => expanded("{if --x} {if --y} | a"));
  mistake(/knows no placeholder \{if config\}/, () => expanded("{if config} a"));
  mistake(/knows no placeholder \{if x\}/, () => expanded("{if x} a"));
});

test("a flag's value may look like a flag", () => {
  assert.deepEqual(expanded("a --b={--branch}", "--branch", "-x"), [[["a", "--b=-x"]]]);
});

test("no value becomes a flag of a program", () => {
  mistake(/^x: -R ROLE makes the word --help, which would be read as a flag$/, () =>
    expanded("a {-R:ROLE}", "-R", "--help"),
  );
  mistake(/^x: -R makes the word --help=b, which/, () => expanded("a ''{-R}=b", "-R=--help"));
  mistake(/^x: config\.project makes the word -x==1, which/, () =>
    expand("x", parseTemplate("a {config.project}=={1}"), ["1"], () => "-x", sides),
  );
  mistake(/^x: -a makes the word --c, which/, () => expanded("a {-a}{-b}c", "-a", "-", "-b", "-"));
  assert.deepEqual(expanded("a {-R} b-{-R} {-x=--y}", "-R", "-"), [[["a", "-", "b--", "--y"]]]);
});

test("switches stand where they are given", () => {
  assert.deepEqual(expanded("a {--dry-run!} b", "--dry-run"), [[["a", "--dry-run", "b"]]]);
  assert.deepEqual(expanded("a {--dry-run!} b"), [[["a", "b"]]]);
});

test("a word with an optional value that is missing is left out; another value stands in for it", () => {
  assert.deepEqual(expanded("a {1?} --b={--branch?} {-R=dev} {config.deploy.x?} end"), [
    [["a", "dev", "end"]],
  ]);
  assert.deepEqual(expanded("a {1?} --b={--branch?} {-R=dev}", "--branch", "m", "-R", "r", "one"), [
    [["a", "one", "--b=m", "r"]],
  ]);
});

test("a key of the configuration stands in for a value, and a text for the key", () => {
  const text = "a {-R:ROLE=config.nginx.role=nginx} {--b=config.none=--x}";
  assert.deepEqual(expanded(text), [[["a", "lb", "--x"]]]);
  assert.deepEqual(expanded(text, "-R", "r", "--b", "b"), [[["a", "r", "b"]]]);
  assert.deepEqual(expanded("a {1=config.none?} b"), [[["a", "b"]]]);
  assert.throws(
    () => expanded("a {1=config.none}"),
    (error) =>
      error instanceof Failure && error.message === "x needs operand 1 or the key none in essay.toml",
  );
});

test("values of the configuration", () => {
  assert.deepEqual(expanded("a {config.project}=={1} {config.nginx.role}", "1.0"), [
    [["a", "essay_demo==1.0", "lb"]],
  ]);
  assert.throws(
    () => expanded("a {config.deploy.prefix}"),
    (error) =>
      error instanceof Failure &&
      error.code === "not-configured" &&
      error.message === "x needs the key deploy.prefix in essay.toml",
  );
});

test("{@} takes all the rest, each a word of its own", () => {
  assert.deepEqual(expanded("a {1} {@} end", "one", "two words", "--flag", "-x"), [
    [["a", "one", "two words", "--flag", "-x", "end"]],
  ]);
  assert.deepEqual(expanded("a {@}"), [[["a"]]]);
});

test("what is missing is called by its name", () => {
  mistake(/^x: VERSION is missing$/, () => expanded("a {1:VERSION}"));
  mistake(/^x: operand 2 is missing$/, () => expanded("a {1} {2}", "one"));
  mistake(/^x: -R is missing$/, () => expanded("a {-R}"));
});

test("what the alias does not take is a mistake", () => {
  mistake(/^x takes no two$/, () => expanded("a {1}", "one", "two"));
  mistake(/^x takes no --dry-run$/, () => expanded("a {1}", "--dry-run", "one"));
  mistake(/^x takes no one$/, () => expanded("a", "one"));
});

test("flags without value, with an empty one, given twice", () => {
  mistake(/^x: -R needs a value$/, () => expanded("a {-R}", "-R"));
  mistake(/^x: -R needs a value$/, () => expanded("a {-R}", "-R", ""));
  mistake(/^x: --r needs a value$/, () => expanded("a {--r}", "--r="));
  mistake(/^x: -R is given twice$/, () => expanded("a {-R}", "-R", "a", "-R=b"));
});

for (const text of [
  "a > b",
  "a < b",
  "a; b",
  "a & b",
  "a || b",
  "a $HOME",
  "a `b`",
  "a (b)",
  "a *",
  "~/a",
  "a 'b",
  'a "b',
  "a {1",
  "a #b",
  "a \\b",
])
  test(`${text} is more than an alias can say`, () => mistake(/^an alias /, () => parseTemplate(text)));

for (const text of ["", "  ", "a |", "| a", "a && ", "a | | b"])
  test(`${JSON.stringify(text)} has a stage without a program`, () =>
    mistake(/^an alias has a stage without a program/, () => parseTemplate(text)));

for (const text of ["a {}", "a {x}", "a {1:}", "a {config}", "a {--}", "a {1!!}", "a {1=config.}"])
  test(`${text} has no placeholder that is known`, () =>
    mistake(/^an alias knows no placeholder \{.*\}; see man es$/, () => parseTemplate(text)));
