import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { announcement, builtinAliases } from "../../../lib/alias/builtin.js";
import { expand, parseTemplate } from "../../../lib/alias/template.js";

const manifest = JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8"));
const executables = Object.keys(manifest.bin);

test("every alias can be read, and is made of executables of this package, and pip", () => {
  for (const [name, text] of Object.entries(builtinAliases))
    for (const stage of parseTemplate(text).flat()) {
      const program = stage.flat().find((part) => typeof part === "string");
      assert.ok([...executables, "python3"].includes(program as string), `${name}: ${program}`);
    }
});

test("es(1) describes every alias", () => {
  const page = readFileSync(new URL("../../../../man/es.1", import.meta.url), "utf8");
  const [, list = ""] = /\.Ss Built-in aliases\n([\s\S]*?)\n\.Ss /.exec(page) ?? [];
  const items = [...list.matchAll(/^\.It Cm (.*)$/gm)].flatMap(([, names = ""]) => names.split(" , "));
  for (const name of Object.keys(builtinAliases)) assert.ok(items.includes(name.replace(/ .*/, "")), name);
});

test("no alias has the name of an executable, which would be run instead", () => {
  for (const name of Object.keys(builtinAliases)) assert.ok(!executables.includes(`es-${name}`), name);
});

const configuration: Record<string, string> = { project: "demo", "deploy.role": "web", "nginx.role": "lb" };

/** The pipelines of a built-in alias where nginx serves a. */
function pipelines(name: string, ...args: string[]): string[] {
  const text = builtinAliases[name] ?? "";
  const sides = { live: "a", idle: "b" };
  const all = expand(name, parseTemplate(text), args, (key) => configuration[key], sides);
  return all.map((stages) => stages.map((words) => words.join(" ")).join(" | "));
}

test("a release goes to the side that is idle, then users do, then what may run once only", () => {
  assert.deepEqual(pipelines("release", "1.0", "prod"), [
    "es-hosts web --profile=prod | es-live | es-status --not-bad=1.0 | es-venv b | es-pip demo==1.0 | es-supervisor up | es-check",
    "es-hosts lb | es-nginx-switch --to=b",
    "es-hosts web | es-live | es-supervisor deactivate a | es-supervisor activate b",
  ]);
  assert.deepEqual(
    pipelines(
      "release",
      "1.0",
      "-R",
      "two",
      "--even-bad",
      "--release",
      "r.jsonl",
      "--wait=9",
      "--max-fail=1",
    ),
    [
      "es-hosts two | es-live | es-venv b --wait=9 | es-pip demo==1.0 --release=r.jsonl --wait=9 | es-supervisor up --wait=9 | es-check --max-fail=1",
      "es-hosts lb | es-nginx-switch --to=b --wait=9",
      "es-hosts two | es-live | es-supervisor deactivate a --wait=9 --max-fail=1 | es-supervisor activate b --wait=9 --max-fail=1",
    ],
  );
});

test("a switch that waits to be confirmed is, when all is well after it, and before anything follows", () => {
  const [, ...rest] = pipelines("release", "1.0", "--confirm", "30", "--probe=http://x/", "--expect=1.0");
  assert.deepEqual(rest, [
    "es-hosts lb | es-nginx-switch --to=b --probe=http://x/ --expect=1.0 --confirm=30",
    "es-hosts web | es-status b --ready | es-check",
    "es-hosts lb | es-nginx-switch --confirm-now",
    "es-hosts web | es-live | es-supervisor deactivate a | es-supervisor activate b",
  ]);
});

test("in a dry run nothing is confirmed, nor started where it is not served yet", () => {
  const [first, ...rest] = pipelines("release", "1.0", "--dry-run", "--confirm=30");
  assert.match(first ?? "", /^es-hosts web --dry-run \| es-live /);
  assert.deepEqual(rest, [
    "es-hosts lb --dry-run | es-nginx-switch --to=b --confirm=30",
    "es-hosts web --dry-run | es-supervisor deactivate a",
  ]);
});

test("a rollback looks before users go, and installs nothing unless it is told a version", () => {
  const goOver = [
    "es-hosts lb | es-nginx-switch --to=b --wait=9",
    "es-hosts web | es-live | es-supervisor deactivate a --wait=9 | es-supervisor activate b --wait=9",
  ];
  assert.deepEqual(pipelines("rollback", "--wait=9"), [
    "es-hosts web | es-status b --ready --other-than=a --wait=9 | es-check",
    ...goOver,
  ]);
  assert.deepEqual(pipelines("rollback", "--to=1.0", "--wait=9"), [
    "es-hosts web | es-live | es-status --not-bad=1.0 | es-venv b --wait=9 | es-pip demo==1.0 --wait=9 | es-supervisor up --wait=9 | es-check",
    ...goOver,
  ]);
  for (const args of [["1.0"], ["--release=r.jsonl"], ["--to=1.0", "--even-bad"]])
    assert.throws(() => pipelines("rollback", ...args), /^UsageError: rollback takes no /);
});

test("what is told of an alias that names the sides", () => {
  const sides = { live: "a", idle: "b" };
  assert.match(announcement("release", sides), /^nginx serves a: the release is for b, and users follow/);
  assert.match(announcement("rollback", sides), /^nginx serves a: users go back to b /);
  assert.equal(announcement("", sides), "nginx serves a, and b is idle");
});
