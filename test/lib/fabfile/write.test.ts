import assert from "node:assert/strict";
import { test } from "node:test";
import { parseToml } from "../../../lib/base/toml.js";
import type { Entry } from "../../../lib/fabfile/settings.js";
import { essayToml } from "../../../lib/fabfile/write.js";

const entries: Entry[] = [
  { keys: ["roles", "web.eu"], value: { hosts: ["w1"], user: "me" } },
  { keys: ["roles", "dev"], value: ["d1"] },
  { keys: ["project"], value: "shop" },
  { keys: ["deploy", "processes"], value: 2, remark: "a remark" },
  { keys: ["deploy", "conf"], value: [{ from: "a", to: "b" }] },
];

test("values stand in their tables, with their remarks", async () => {
  const text = essayToml("fabfile.py", { entries, omissions: [] }, []);
  assert.ok(
    text.startsWith("# Configuration of essay, from fabfile.py: man 5 essay.toml\n\nproject = "),
    text,
  );
  assert.match(text, /^processes = 2 {3}# a remark$/m);
  assert.match(text, /^\[roles\]\ndev = \["d1"\]\n\n\[roles\."web\.eu"\]\nhosts = /m);
  assert.doesNotMatch(text, /Not taken over/);
  const read = await parseToml(text);
  assert.equal(
    JSON.stringify(read),
    JSON.stringify({
      document: {
        project: "shop",
        roles: { dev: ["d1"], "web.eu": { hosts: ["w1"], user: "me" } },
        deploy: { processes: 2, conf: [{ from: "a", to: "b" }] },
      },
    }),
  );
});

test("whatever was not taken over stays a comment", async () => {
  const hostile = 'env.X = """\n[deploy]\npre = "rm"\r\n\x1b[31m\u2028"""';
  const omissions = [{ line: 7, text: hostile, why: 'a\nproject = "evil"' }];
  const text = essayToml("f\nproject = 1", { entries: [], omissions }, [
    { name: "x\ny = 1", line: 9, kind: "call" },
    { name: "task", line: 8, kind: "function" },
  ]);
  assert.deepEqual(
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#")),
    [],
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\u2028]/);
  assert.match(text, /^# line 7: env\.X = """\n# {9}\[deploy\]$/m);
  assert.match(text, /^# functions,.*:\n# {3}line 8: task$/m);
  assert.equal(JSON.stringify(await parseToml(text)), '{"document":{}}');
});
