import assert from "node:assert/strict";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ReleaseFile } from "../../lib/base/schema.js";
import type { PipIndex } from "../../lib/index/pip.js";
import { changeByPip } from "../../lib/pip-install.js";
import { LocalTransport } from "../../lib/transport/local.js";
import { scratch } from "../lab/program.js";

/** What stands where a virtualenv's interpreter is, and says what a look at the virtualenv says. */
function venvThatSays(t: TestContext, text: string, status: number): string {
  const venv = join(realpathSync(scratch(t)), "a");
  mkdirSync(join(venv, "bin"), { recursive: true });
  const script = `#!/bin/sh\ncat >/dev/null\nprintf '${text}'\nexit ${status}\n`;
  writeFileSync(join(venv, "bin/python"), script, { mode: 0o755 });
  return venv;
}

const main = { project: "tiny", version: "1.0", text: "tiny===1.0" };

/** Has pip change a virtualenv, by the files of a release or from an index. */
function change(venv: string, files: readonly Partial<ReleaseFile>[] | undefined, index?: PipIndex) {
  const release = files ? { files: files as ReleaseFile[], alone: 1 } : { alone: 0 };
  const wanted = { looked: [main], main, runs: ["tiny===1.0"], ...release };
  const asked = { venv, verb: "install", ahead: undefined, wanted, index, alone: false } as const;
  const task = { signal: new AbortController().signal, plan: false, show: undefined };
  return changeByPip(new LocalTransport(), { host: "@local", transport: "local" }, asked, task);
}

test("where all is there, no file is looked at", async (t) => {
  const venv = venvThatSays(t, "tiny\\t1.0\\n", 0);
  const outcome = await change(venv, [{ name: "tiny", path: "/no/such", size: 1 }]);
  assert.deepEqual(outcome, { changes: [], yanked: [], installed: { tiny: "1.0" } });
});

test("a file that is to be sent and is not as the release says: told before anything is sent", async (t) => {
  const venv = venvThatSays(t, "", 3);
  const path = join(scratch(t), "tiny.whl");
  writeFileSync(path, "two");
  const others = { name: "other", path: "/no/such", size: 1 };
  await assert.rejects(change(venv, [{ name: "Tiny", path, size: 2 }, others]), {
    code: "file-changed",
    message: `${path} has 3 bytes, the release says 2: build it again`,
  });
  await assert.rejects(change(venv, [{ name: "tiny", path: "/no/such.whl", size: 1 }]), {
    code: "no-file",
    message: /^cannot read \/no\/such\.whl of the release: ENOENT/,
  });
});

/** An interpreter for which nothing is there when it is looked for first; what it does then is `meanwhile`. */
function venvThatFills(t: TestContext, meanwhile: string) {
  const venv = join(realpathSync(scratch(t)), "a");
  mkdirSync(join(venv, "bin"), { recursive: true });
  const looks = join(venv, "looks");
  writeFileSync(looks, "");
  const script = `#!/bin/sh
cat >/dev/null
case $* in
*"-m pip"*) echo pip >>'${looks}'; exit ;;
"-I -") exit ;;
*/unmet) for file; do :; done; : >"$file" ;;
esac
echo look >>'${looks}'
case $(grep -c look '${looks}') in
1) exit 3 ;;
2) ${meanwhile}; exit 3 ;;
esac
printf 'tiny\\t1.0\\n'
`;
  writeFileSync(join(venv, "bin/python"), script, { mode: 0o755 });
  return { venv, looks: () => readFileSync(looks, "utf8").trim().split("\n") };
}

test("what another run has changed until we had the lock is looked at again, and nothing otherwise", async (t) => {
  const nothing = { netrc: undefined, proxy: undefined, ca: undefined, trusted: false };
  const index = { url: "http://pypi.example/simple/", flags: [], ...nothing };
  const alone = venvThatFills(t, ":");
  assert.deepEqual((await change(alone.venv, undefined, index)).changes, ["tiny 1.0 installed"]);
  assert.deepEqual(alone.looks(), ["look", "look", "pip", "look"]);
  for (const meanwhile of [
    "mkdir .essay; echo 7 >.essay/generation",
    "mkdir -p lib/python3.1/site-packages/tiny-1.0.dist-info",
  ]) {
    const other = venvThatFills(t, `cd "\${0%/bin/python}"; ${meanwhile}`);
    assert.deepEqual((await change(other.venv, undefined, index)).changes, []);
    assert.deepEqual(other.looks(), ["look", "look", "look", "pip", "look"]);
  }
});
