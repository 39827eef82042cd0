import assert from "node:assert/strict";
import { test } from "node:test";
import { expectStatus, shell, unread } from "../../lab/program.js";

test("text is written whole, also to a pipe whose reader takes its time", async () => {
  const whole = await expectStatus(0, "es-venv", ["--help"]);
  const slow = await shell("es-venv --help | { sleep 0.2; cat; }");
  assert.equal(slow.stdout, whole.stdout, slow.report);
});

test("output that cannot be written is told in one line", async () => {
  for (const what of ["es-venv --help", "es-venv --version", "es", "es --print switch a b"]) {
    const none = await shell(unread(what));
    assert.equal(none.status, 1, none.report);
    assert.match(
      none.stderr,
      /^es(-venv)?: no-reader: cannot write standard output: nobody reads it any more\n$/,
    );
    const full = await shell(`${what} >/dev/full`);
    assert.equal(full.status, 1, full.report);
    assert.match(
      full.stderr,
      /^es(-venv)?: disk-full: cannot write standard output: no space is left there\n$/,
    );
  }
});
