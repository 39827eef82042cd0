import assert from "node:assert/strict";
import { test } from "node:test";
import { candidates, flagsIn, type Sources, verbsIn } from "../../../lib/completion/candidates.js";

const supervisor = `es-supervisor: run the processes
usage: es-supervisor up|reload [--rolling] [VENV]
       es-supervisor start|stop PROCESS [VENV]
       es-supervisor tail [-f | -n N] [PROCESS [VENV]]

      --venv VENV     this virtualenv
      --rolling       one by one
  -n, --lines N       so many lines
`;
const helps: Record<string, string> = {
  "es-completion":
    "es-completion: complete\nusage: es-completion bash|zsh\n       es-completion words WORD...\n",
  "es-supervisor": supervisor,
  "es-hosts":
    "es-hosts: make\nusage: es-hosts [ROLE|HOST]...\n       es-hosts -\n\n      --user NAME  log in\n",
};
const aliases: Record<string, string> = {
  deploy:
    "es-hosts {-R:ROLE=config.x=y} {--dry-run!} | es-pip demo=={1:VERSION} --index={--index?} | es-venv {2:VENV} --role={-R?}",
  "supervisor stop": "{if -R} es-hosts {-R:ROLE} | es-supervisor stop {@}",
};
const sources: Sources = {
  names: () => ["supervisor", "hosts", "pip", ...Object.keys(aliases)],
  topics: () => ["es-hosts", "hosts", "recipes"],
  alias: (name) => aliases[name],
  help: async (program) => helps[program] ?? "",
  roles: () => ["dev", "web"],
  venvs: () => ["a", "b"],
  versions: async () => ["1.0", "1.1"],
  project: () => "demo",
};
const after = (...words: string[]) => candidates(words, sources);

test("programs and aliases after es, each once", async () => {
  assert.deepEqual(await after("es", ""), ["deploy", "hosts", "pip", "supervisor"]);
  assert.deepEqual(await after("es", "d"), ["deploy"]);
  assert.deepEqual(await after("es", "x"), []);
});

test("programs, aliases and topics after es help, and the verbs that an alias has", async () => {
  const all = ["deploy", "es-hosts", "hosts", "pip", "recipes", "supervisor"];
  assert.deepEqual(await after("es", "help", ""), all);
  assert.deepEqual(await after("es-help", "r"), ["recipes"]);
  assert.deepEqual(await after("es", "help", "supervisor", ""), ["stop"]);
  assert.deepEqual(await after("es-help", "deploy", ""), []);
});

test("verbs and flags of a program, with es before it or not", async () => {
  assert.deepEqual(await after("es-supervisor", "st"), ["start", "stop"]);
  assert.deepEqual(await after("es", "supervisor", ""), ["reload", "start", "stop", "tail", "up"]);
  assert.deepEqual(await after("es-supervisor", "up", "-"), ["--lines", "--rolling", "--venv", "-n"]);
  assert.deepEqual(await after("es-supervisor", "up", ""), ["a", "b"]);
  assert.deepEqual(await after("es-supervisor", "--venv", ""), ["a", "b"]);
  assert.deepEqual(await after("es-supervisor", "tail", "-n", ""), []);
  assert.deepEqual(await after("es-completion", ""), ["bash", "words", "zsh"]);
  assert.deepEqual(await after("es-completion", "bash", ""), []);
});

test("roles, virtualenvs and versions where they are meant", async () => {
  assert.deepEqual(await after("es-hosts", ""), ["dev", "web"]);
  assert.deepEqual(await after("es-pip", "demo==1."), ["demo==1.0", "demo==1.1"]);
  assert.deepEqual(await after("es", "deploy", ""), ["1.0", "1.1"]);
  assert.deepEqual(await after("es", "deploy", "-R", "w"), ["web"]);
  assert.deepEqual(await after("es", "deploy", "-R", "web", "--dry-run", "1.0", ""), ["a", "b"]);
  assert.deepEqual(await after("es", "deploy", "--index", ""), []);
  assert.deepEqual(await after("es", "deploy", "--"), ["--dry-run", "--index"]);
  assert.deepEqual(await after("es", "supervisor", "stop", "-R", ""), ["dev", "web"]);
});

test("what help tells: flags with and without a value, and verbs", () => {
  assert.deepEqual(
    [...flagsIn(supervisor)],
    [
      ["--venv", "VENV"],
      ["--rolling", ""],
      ["--lines", "N"],
      ["-n", "N"],
    ],
  );
  assert.deepEqual(verbsIn(supervisor), ["up", "reload", "start", "stop", "tail"]);
  assert.deepEqual(verbsIn(helps["es-hosts"] ?? ""), []);
});
