import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { expectStatus, scratch } from "./program.js";

const setup = fileURLToPath(new URL("../../../test/lab/setup.sh", import.meta.url));

test("says nothing where all is there", async () => {
  const ran = await expectStatus(0, "sh", [setup]);
  assert.equal(ran.stdout + ran.stderr, "");
});

test("without root and sudo it prints the command that installs what is missing", async (t) => {
  const directory = scratch(t);
  const programs = { id: "echo 1000", sudo: "exit 1", "dpkg-query": '[ "$3" = fish ] || echo installed' };
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  const env = { PATH: `${directory}:${process.env.PATH}` };
  const ran = await expectStatus(2, "sh", [setup], { env });
  assert.match(ran.stderr, /^ {2}sudo apt-get update && sudo apt-get install .* fish $/m);
});
