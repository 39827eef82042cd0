import assert from "node:assert/strict";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ReleaseFile } from "../../lib/base/schema.js";
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

function push(venv: string, files: readonly Partial<ReleaseFile>[]) {
  const wanted = { looked: [main], main, runs: ["tiny===1.0"], alone: 1, files: files as ReleaseFile[] };
  const change = { venv, verb: "install", ahead: undefined, wanted, index: undefined, alone: false } as const;
  const task = { signal: new AbortController().signal, plan: false, show: undefined };
  return changeByPip(new LocalTransport(), { host: "@local", transport: "local" }, change, task);
}

test("where all is there, no file is looked at", async (t) => {
  const venv = venvThatSays(t, "tiny\\t1.0\\n", 0);
  const outcome = await push(venv, [{ name: "tiny", path: "/no/such", size: 1 }]);
  assert.deepEqual(outcome, { changes: [], yanked: [], installed: { tiny: "1.0" } });
});

test("a file that is to be sent and is not as the release says: told before anything is sent", async (t) => {
  const venv = venvThatSays(t, "", 3);
  const path = join(scratch(t), "tiny.whl");
  writeFileSync(path, "two");
  const others = { name: "other", path: "/no/such", size: 1 };
  await assert.rejects(push(venv, [{ name: "Tiny", path, size: 2 }, others]), {
    code: "file-changed",
    message: `${path} has 3 bytes, the release says 2: build it again`,
  });
  await assert.rejects(push(venv, [{ name: "tiny", path: "/no/such.whl", size: 1 }]), {
    code: "no-file",
    message: /^cannot read \/no\/such\.whl of the release: ENOENT/,
  });
});
