import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { readTemplate } from "../../../lib/supervisor/template.js";
import { scratch } from "../../lab/program.js";

test("a project's own template, or the built-in one", (t) => {
  const file = join(scratch(t), "own.conf");
  writeFileSync(file, "mine");
  assert.deepEqual(readTemplate(file), { source: file, text: "mine" });
  const { source, text } = readTemplate(undefined);
  assert.equal(source, "built-in template");
  assert.match(text, /^\[program:\{\{project\}\}\]$/m);
  assert.throws(() => readTemplate(`${file}.absent`), UsageError);
});
