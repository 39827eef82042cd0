import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { expectStatus, pathWithBins, scratch } from "../lab/program.js";

/** A folder with roles and virtualenvs, and no index. */
function project(t: TestContext): string {
  const cwd = scratch(t);
  writeFileSync(
    join(cwd, "essay.toml"),
    'project = "demo"\n[roles]\ndev = ["a.x"]\nweb = ["b.x"]\n[ports]\na = "880"\n',
  );
  return cwd;
}

const env = { PATH: pathWithBins, ESSAY_INDEX: "" };

/** What a shell offers in place of the last word, by the script that is printed for it. */
async function offered(t: TestContext, shell: string, script: string): Promise<string[]> {
  const flags = shell === "zsh" ? ["-f"] : [];
  const ran = await expectStatus(0, shell, [...flags, "-c", script], { cwd: project(t), env });
  assert.equal(ran.stderr, "", ran.report);
  return ran.stdout.split("\n").filter(Boolean).sort();
}

test("words that may follow", async (t) => {
  const cwd = project(t);
  const words = async (...line: string[]) =>
    (await expectStatus(0, "es-completion", ["words", ...line], { cwd, env })).stdout;
  assert.equal(await words("es", "super"), "supervisor\n");
  assert.equal(await words("es-hosts", ""), "dev\nweb\n");
  assert.equal(await words("es", "quickdeploy", ""), "a\n");
  assert.equal(await words("es-version", "la"), "latest\n");
  assert.equal(await words("es-venv", "--re"), "--recreate\n--remove\n");
  assert.equal(await words("es-pip", "demo=="), "");
  assert.equal(await words("es", "help", "re"), "recipes\nrecord\nrelease\nreport\n");
  assert.equal(await words("es", "nosuch", ""), "");
});

test("bash", async (t) => {
  const asked = (line: string) =>
    offered(
      t,
      "bash",
      `eval "$(es-completion bash)"; COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _essay; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
  assert.deepEqual(await asked("es deploy -R "), ["dev", "web"]);
  assert.deepEqual(await asked("es-supervisor sta"), ["start", "status"]);
});

test("zsh", async (t) => {
  const script = `compdef() { :; }; compadd() { print -l -- $found; }; _files() { print files; }
    eval "$(es-completion zsh)"; words=(es deploy -R ''); CURRENT=4; _essay`;
  assert.deepEqual(await offered(t, "zsh", script), ["dev", "web"]);
});

test("fish", async (t) => {
  const script = "es-completion fish | source; complete -C 'es deploy -R '";
  const all = await offered(t, "fish", script);
  assert.ok(all.includes("dev") && all.includes("web"), all.join(" "));
});

test("other shells are a mistake", async () => {
  const ran = await expectStatus(2, "es-completion", ["zhs"]);
  assert.match(ran.stderr, /there is none for zhs; did you mean zsh\?; there are bash, zsh, fish/);
  assert.match((await expectStatus(2, "es-completion", ["zsh", "x"])).stderr, /unexpected operand x/);
});
