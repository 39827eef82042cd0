import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LocalTransport } from "../../../lib/transport/local.js";
import { runBody } from "../../lab/body.js";
import { scratch } from "../../lab/program.js";

test("the interpreter of the system's supervisord is the one that its first line names, where that is a Python", async (t) => {
  const at = scratch(t);
  const python = join(at, "python3.99");
  writeFileSync(python, "", { mode: 0o755 });
  const pythonOf = async (firstLine: string) => {
    writeFileSync(join(at, "supervisord"), `#!${firstLine}\n`, { mode: 0o755 });
    const body = 'PATH=$1:$PATH venv=$1/none; if find_supervisord; then result python "$python"; fi; exit 3';
    const run = { transport: new LocalTransport(), parts: ["supervisord-rpc"], args: [at] };
    const { status, results, stderr } = await runBody(body, run);
    assert.equal(status, 3, stderr);
    return results.get("python");
  };
  assert.equal(await pythonOf(python), python);
  assert.equal(await pythonOf(` ${python} -I`), python);
  assert.equal(await pythonOf("/usr/bin/env python3.99"), python);
  for (const none of ["/bin/sh", "/usr/bin/env bash", join(at, "python3.98"), ""])
    assert.equal(await pythonOf(none), undefined, none);
  mkdirSync(join(at, "none/bin"), { recursive: true });
  writeFileSync(join(at, "none/bin/supervisord"), "", { mode: 0o755 });
  assert.equal(await pythonOf("/bin/sh"), join(at, "none/bin/python"), "that of the virtualenv comes first");
});
