import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../../lib/base/failure.js";
import { command, head } from "../../../lib/transport/wire.js";
import { runBody } from "../../lab/body.js";
import { scratch } from "../../lab/program.js";
import { LocalWith, pathOf, shells } from "../../lab/shells.js";

const text = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(..."'\"\\$`!#~*?[]{}()<>|&;=% \t\n\r-%"), maxLength: 12 }),
    fc.constantFrom("", "-n", "--", "'", "\n", "a\n\n", "$(id)", "`id`", "\u{feff}", "é", "😀"),
  )
  .filter((value) => !value.includes("\0") && value.isWellFormed());

for (const shell of [...shells, "bash"] as const) {
  test(`any strings survive as arguments through ${shell}`, async () => {
    const transport = new LocalWith({ PATH: pathOf(shell) });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 100, maxLength: 300 }), async (args) => {
        const body = 'result count "$#"\nfor argument; do result argument "$argument"; done';
        const { results, status, stderr } = await runBody(body, { transport, args });
        assert.equal(status, 0, stderr);
        assert.equal(results.get("count"), String(args.length));
        assert.deepEqual(results.all("argument"), args);
      }),
      { numRuns: 5 },
    );
  });
}

test("the command line has nothing in it that a login shell could take for something else", () => {
  assert.match(command, /^exec sh -c '[^'!\n]*'$/);
});

test("NUL and lone surrogates are refused", async () => {
  const transport = new LocalWith({ PATH: pathOf("dash") });
  for (const bad of ["a\0b", "\ud800"])
    await assert.rejects(runBody("", { transport, args: [bad] }), { code: "bad-argument" });
});

test("only names of accounts can be become", () => {
  for (const name of ["", "-u", "a b", "a\nb", "$(id)", "#0", "root;id", "../x"])
    assert.throws(
      () => head("", name),
      (error) => error instanceof Failure && error.code === "bad-argument",
      name,
    );
  for (const name of ["essay", "www-data", "_apt", "svc.app", "machine$"])
    assert.ok(head("", name).toString().startsWith(`${name}\n`));
});

test("a dd that does not know how to read a block whole", async (t) => {
  const directory = scratch(t);
  const plain = `case " $* " in *" iflag="*) exit 1 ;; esac\nexec ${execFileSync("which", ["dd"], { encoding: "utf8" })}`;
  writeFileSync(join(directory, "dd"), `#!/bin/sh\n${plain.trimEnd()} "$@"\n`, { mode: 0o755 });
  const transport = new LocalWith({ PATH: `${directory}:${process.env.PATH}` });
  const { results, status } = await runBody('result first "$1"', { transport, args: ["é\n"] });
  assert.deepEqual([status, results.get("first")], [0, "é\n"]);
});

test("a program that came only in part does not run", () => {
  const whole = head("echo begun\necho more", undefined);
  const run = (input: Buffer) => spawnSync("/bin/sh", ["-c", command], { input });
  assert.equal(run(whole).stdout.toString(), "begun\nmore\n");
  for (let length = 0; length < whole.length - 1; length++) {
    const ran = run(whole.subarray(0, length));
    assert.equal(ran.stdout.toString(), "", `after ${length} of ${whole.length} bytes`);
    assert.equal(ran.status, 125, `after ${length} of ${whole.length} bytes`);
  }
});
