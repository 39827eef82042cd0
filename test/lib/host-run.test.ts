import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, type TestContext, test } from "node:test";
import { Failure } from "../../lib/base/failure.js";
import { Settings } from "../../lib/config/settings.js";
import { deployVariables, type HostCommand, runOnHost, titleOf } from "../../lib/host-run.js";
import { scratch } from "../lab/program.js";
import { LocalWith, pathOf, type Shell, shells } from "../lab/shells.js";

/** A directory that is a virtualenv as far as a command can tell, and a way to run one in it. */
function venv(t: TestContext, shell: Shell) {
  const path = join(scratch(t), "a b'c");
  mkdirSync(join(path, "bin"), { recursive: true });
  symlinkSync("/usr/bin/python3", join(path, "bin/python"));
  const transport = new LocalWith({ PATH: pathOf(shell) });
  const shown: string[] = [];
  const run = (words: readonly string[], command: Partial<HostCommand> = {}, show = false) =>
    runOnHost(
      transport,
      { host: "@local", transport: "local", venv: { name: "a", path } },
      { words, script: undefined, variables: [], directory: undefined, looks: true, ...command },
      {
        signal: new AbortController().signal,
        plan: false,
        show: show ? (text) => shown.push(text) : undefined,
      },
    );
  return { path, transport, run, shown };
}

const script = (text: string) => ({
  size: Buffer.byteLength(text),
  open: () => Readable.from([Buffer.from(text)]),
});

describe("a command on a host", { concurrency: true }, () => {
  for (const shell of [...shells, "bash"] as const) {
    test(`${shell}: words are data, the virtualenv is active, and no lock stays with the command`, async (t) => {
      const { path, run } = venv(t, shell);
      const words = ["$(touch x)", "a\nb\tc\\d", "", "é", "*"];
      const python =
        "import os, sys; print(sys.argv[1:], os.environ['VIRTUAL_ENV'], sorted(os.listdir('/proc/self/fd'))[:-1])";
      const { ran, failed } = await run(["python", "-c", python, ...words], { looks: false });
      assert.equal(failed, undefined);
      assert.equal(ran?.exit, 0);
      const quoted = `["$(touch x)", 'a\\nb\\tc\\\\d', '', 'é', '*']`.replace('"$(touch x)"', "'$(touch x)'");
      assert.equal(ran?.stdout, `${quoted} ${path} ['0', '1', '2']\n`);
    });

    test(`${shell}: a script runs by its first line or by sh, with its arguments`, async (t) => {
      const { run, path } = venv(t, shell);
      const python = await run(["s", "a b"], {
        script: script("#!/usr/bin/env python\nimport sys\nprint(sys.argv[1:])\n"),
      });
      assert.equal(python.ran?.stdout, "['a b']\n", String(python.failed));
      const sh = await run(["s", "a b"], { script: script('echo "$# $1"; pwd'), directory: "bin" });
      assert.equal(sh.ran?.stdout, `1 a b\n${path}/bin\n`);
      const none = await run(["s"], { script: script("#!/no/such thing\n") }).catch((error) => error);
      assert.equal(none.code, "no-command");
    });

    test(`${shell}: variables are set, whatever they are called; secrets are not shown`, async (t) => {
      const { run, shown } = venv(t, shell);
      const names = ["IFS", "PATH", "venv", "i", "kind", "LC_ALL"];
      const variables = names.map((name) => ({ name, value: `a'b\n${name}`, secret: false }));
      const secret = { name: "PW", value: "hidden-value", secret: true };
      const text = `import os, sys
print([os.environ[n] for n in ${JSON.stringify(names)}])
print(os.environ["PW"], file=sys.stderr)
print(os.environ["PW"])
sys.exit(3)`;
      const { ran, failed } = await run(
        ["/usr/bin/python3", "-c", text],
        { variables: [...variables, secret] },
        true,
      );
      assert.equal(
        ran?.stdout,
        `${JSON.stringify(names.map((n) => `a'b\n${n}`))
          .replaceAll('"', '"')
          .replaceAll(",", ", ")}\n***\n`,
      );
      assert.equal(failed?.code, "command-failed");
      assert.equal(failed?.details.exit, 3);
      assert.match(failed?.details.stderr ?? "", /^\*\*\*$/m);
      assert.ok(shown.join("").includes("***"));
      assert.ok(!JSON.stringify([ran, failed?.details, shown]).includes("hidden"));
    });
  }

  test("much output is cut, a signal is told, what stays in the background is not waited for", async (t) => {
    const { run } = venv(t, "dash");
    const secret = { name: "PW", value: "x".repeat(50), secret: true };
    const long = await run(["sh", "-c", 'head -c 65520 /dev/zero | tr "\\0" a; echo $PW; seq 10000'], {
      variables: [secret],
    });
    assert.equal(long.ran?.cut, true);
    assert.equal(long.ran?.stdout, `${"a".repeat(65520)}***\n1\n2\n3\n4\n5\n6\n`);
    const named = await run(["echo", "http://me:hidden@pypi.example/"]);
    assert.deepEqual(
      [named.ran?.args[1], named.ran?.stdout],
      ["http://pypi.example/", "http://pypi.example/\n"],
    );
    const killed = await run(["sh", "-c", "kill -9 $$"]);
    assert.deepEqual([killed.ran?.exit, killed.ran?.signal], [null, "SIGKILL"]);
    assert.equal(killed.failed?.details.signal, "SIGKILL");
    const left = await run(["sh", "-c", "sleep 20 & echo $!"]);
    process.kill(Number(left.ran?.stdout), "SIGKILL");
    assert.equal(left.ran?.exit, 0);
  });

  test("what cannot begin says why", async (t) => {
    const { run, path, transport } = venv(t, "busybox");
    const refused: [words: string[], command: Partial<HostCommand>, code: string][] = [
      [["no-such"], {}, "no-command"],
      [[path], {}, "permission-denied"],
      [["true"], { directory: "none" }, "no-directory"],
      [["true"], { directory: "bin/python" }, "in-the-way"],
    ];
    for (const [words, command, code] of refused)
      await assert.rejects(
        run(words, command),
        (error) => error instanceof Failure && error.code === code,
        code,
      );
    const command = { words: ["true"], script: undefined, variables: [], directory: undefined, looks: true };
    const task = { signal: new AbortController().signal, plan: false, show: undefined };
    const host = { host: "@local", transport: "local" } as const;
    await assert.rejects(runOnHost(transport, host, command, task), { code: "python-not-found" });
    const none = { ...host, venv: { name: "z", path: `${path}/z` } };
    await assert.rejects(runOnHost(transport, none, command, task), { code: "no-venv" });
    assert.deepEqual(await runOnHost(transport, none, command, { ...task, plan: true }), {
      ran: undefined,
      failed: undefined,
    });
  });
});

test("what is known of the deploy goes into variables, and nothing else", () => {
  const config = { file: undefined, directory: "/", values: { project: "demo" }, projectName: undefined };
  const all = deployVariables(new Settings(config), {
    host: "web1",
    version: "1.0",
    venv: { name: "a", path: "/a" },
  });
  assert.deepEqual(
    all.map(({ name, value }) => `${name}=${value}`),
    ["ESSAY_PROJECT=demo", "ESSAY_VERSION=1.0", "ESSAY_VENV=a", "ESSAY_HOST=web1"],
  );
});

test("commands have short titles", () => {
  assert.equal(titleOf(["a b", "c"]), "'a b' c");
  assert.equal(titleOf(["sh", "-c", "a | b"]), "a | b");
  assert.equal(titleOf(["x".repeat(200)]).length, 100);
});
