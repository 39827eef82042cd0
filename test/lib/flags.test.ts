import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../lib/base/failure.js";
import {
  byteCount,
  commonOptions,
  describeOptions,
  fold,
  type Options,
  readFlags,
  seconds,
  wholeNumber,
} from "../../lib/flags.js";

const options = {
  index: { value: "URL", short: "i", help: "the index" },
  set: { value: "K=V", many: true, help: "a value" },
  "no-deps": { help: "without" },
  "no-index": { value: "X", help: "odd, but possible" },
  quiet: { short: "q", help: "quiet" },
  keep: { short: "k", help: "keep" },
} as const satisfies Options;

const read = (...argv: string[]) => readFlags(options, argv);
const refused = (argv: string[], message: RegExp) =>
  assert.throws(
    () => readFlags(options, argv),
    (error) => error instanceof UsageError && message.test(error.message),
    argv.join(" "),
  );

test("nothing given: switches are off, values undefined, lists empty", () => {
  assert.deepEqual(read(), {
    flags: { index: undefined, set: [], "no-deps": false, "no-index": undefined, quiet: false, keep: false },
    args: [],
    rest: undefined,
  });
});

test("every string stays as it was typed", () => {
  for (const text of ["3.10", "0x10", "1e3", "007", "true", "false", "-", "a=b", "ä b", "[]", "--x"]) {
    assert.equal(read(`--index=${text}`).flags.index, text);
    if (!text.startsWith("--")) assert.deepEqual(read(text).args, [text]);
    if (text !== "-" && !text.startsWith("--")) assert.equal(read("-i", text).flags.index, text);
  }
  assert.deepEqual(read("--set", "a=1", "--set", "b=2=3").flags.set, ["a=1", "b=2=3"]);
});

test("a word after a switch is an operand, whatever it is", () => {
  for (const word of ["true", "false", "3.10"]) {
    for (const flag of ["--quiet", "-q", "-qk", "--no-deps"]) {
      const { args, flags } = read(flag, word);
      assert.deepEqual(args, [word]);
      assert.ok(flags.quiet || flags["no-deps"]);
    }
  }
});

test("switches and values whose names begin with no-", () => {
  assert.equal(read("--no-deps").flags["no-deps"], true);
  assert.equal(read("--no-index", "3.10").flags["no-index"], "3.10");
  assert.equal(read("--no-index=x").flags["no-index"], "x");
  refused(["--no-quiet"], /^unknown flag --no-quiet/);
});

test("short flags, together and with their value", () => {
  const { flags } = read("-qk", "-i5");
  assert.deepEqual([flags.quiet, flags.keep, flags.index], [true, true, "5"]);
});

test("unknown flags name the nearest known one", () => {
  refused(["--indx", "x"], /^unknown flag --indx; did you mean --index\?$/);
  refused(["--indx=secret"], /^unknown flag --indx; did you mean --index\?$/);
  refused(["-z"], /^unknown flag -z/);
  refused(["--quite"], /--quiet/);
});

test("names that every object has are unknown flags", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    refused([`--${name}`], new RegExp(`^unknown flag --${name}`));
    refused([`--${name}=x`], new RegExp(`^unknown flag --${name}`));
    refused([`--${name}`, "x"], new RegExp(`^unknown flag --${name}`));
  }
});

test("an empty value and a missing one are errors", () => {
  refused(["--index", ""], /^--index needs a value: URL$/);
  refused(["--index="], /^--index needs a value/);
  refused(["--index"], /^--index needs a value/);
  refused(["-i", ""], /^--index needs a value/);
  refused(["--index", "--quiet"], /^--index needs a value/);
  refused(["--set", "a=1", "--set", ""], /^--set needs a value/);
});

test("a single flag that is repeated is an error", () => {
  refused(["--index", "a", "--index", "b"], /^--index is given 2 times$/);
  refused(["--index", "a", "-i", "a"], /^--index is given 2 times$/);
  assert.equal(read("-q", "--quiet").flags.quiet, true);
});

test("a switch takes no value", () => {
  for (const word of ["--quiet=yes", "--quiet=false", "--no-deps=1", "-q=1"])
    refused([word], /takes no value$/);
});

test("what stands after -- is no flag", () => {
  assert.deepEqual(read("a", "--", "cmd", "--index", "", "--", "3.10"), {
    ...read("a"),
    rest: ["cmd", "--index", "", "--", "3.10"],
  });
  assert.deepEqual(read("--").rest, []);
});

test("stopping early leaves all after the first operand as it is", () => {
  const line = readFlags(
    options,
    ["-q", "pip", "--no-deps", "true", "--unknown", "--constructor", "-i", ""],
    {
      stopEarly: true,
    },
  );
  assert.equal(line.flags.quiet, true);
  assert.deepEqual(line.args, ["pip", "--no-deps", "true", "--unknown", "--constructor", "-i", ""]);
  const dashes = readFlags(options, ["pip", "--", "x"], { stopEarly: true });
  assert.deepEqual(dashes.args, ["pip", "--", "x"]);
  assert.deepEqual(readFlags(options, ["-q", "--", "--pip"], { stopEarly: true }).args, ["--pip"]);
});

test("numbers are whole, seconds are above 0", () => {
  assert.equal(wholeNumber("--jobs", "30", 1), 30);
  for (const text of ["0", "-1", "1.5", "x", " 1", "1e2", "0x1f", "99999999999999999999"])
    assert.throws(
      () => wholeNumber("--jobs", text, 1, 100),
      /^UsageError: --jobs takes a whole number from 1 to 100, not/,
    );
  assert.equal(seconds("--timeout", "1.5"), 1500);
  for (const text of ["0", "-1", "x", "1e2", "Infinity", ""])
    assert.throws(() => seconds("--timeout", text), UsageError);
});

test("lines are folded at 80 columns, and what is in brackets stays together", () => {
  const word = "x".repeat(30);
  assert.equal(fold("usage: ", "NAME [-v]"), "usage: NAME [-v]");
  assert.equal(
    fold("usage: ", `[--one ${word}] [--two ${word} [-z Z]]... Z`),
    `usage: [--one ${word}]\n       [--two ${word} [-z Z]]... Z`,
  );
  assert.equal(fold("  -a  ", "b".repeat(100)), `  -a  ${"b".repeat(100)}`);
  assert.equal(fold("name ", ""), "name");
  assert.equal(
    fold(word, `${word} {if ${word}} |`),
    `${word}${word}\n${word.replaceAll("x", " ")}{if ${word}} |`,
  );
  const [first = "", second] = fold("  -a  ", `${"b".repeat(73)} c`).split("\n");
  assert.equal(first.length, 79);
  assert.equal(second, "      c");
});

test("the text of --help has a line for each flag", () => {
  assert.deepEqual(describeOptions(options).split("\n").slice(0, 2), [
    "  -i, --index URL   the index",
    "      --set K=V     a value",
  ]);
  assert.equal(
    describeOptions(commonOptions).trimEnd().split("\n").length,
    Object.keys(commonOptions).length,
  );
});

test("sizes", () => {
  for (const [text, bytes] of [
    ["1", 1],
    ["500k", 512_000],
    ["100M", 104_857_600],
    ["2G", 2_147_483_648],
  ] as const)
    assert.equal(byteCount("--max-size", text), bytes);
  for (const text of ["0", "0M", "-1", "1.5M", "1T", "M", "1 M", "1MB", "9".repeat(10)])
    assert.throws(() => byteCount("--max-size", text), {
      name: "UsageError",
      message: new RegExp(`not ${text}$`),
    });
});
