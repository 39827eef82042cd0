import assert from "node:assert/strict";
import { test } from "node:test";
import { renderMarkdown } from "../../../lib/report/markdown.js";
import { summarise } from "../../../lib/report/summary.js";

const render = (...records: Record<string, unknown>[]) => renderMarkdown(records, summarise(records, 0));

test("failed records come first, and what they said stands below the table", () => {
  const error = { step: "es-pip", code: "pip-failed", message: "pip ended with 1", stderr: "one\ntwo\n" };
  assert.equal(
    render({ host: "web1", version: "1.0" }, { host: "web2", error }),
    `2 hosts: 1 ok, 1 failed (es-pip: pip-failed 1)

| Host | Version | Result |
| --- | --- | --- |
| web2 |  | failed in es-pip: pip-failed: pip ended with 1 |
| web1 | 1.0 | ok |

**web2**

\`\`\`
one
two
\`\`\`
`,
  );
});

test("text from elsewhere stays text", () => {
  const error = {
    step: "s",
    code: "c",
    message: "a|b *c* `d` <e> &amp; [f](g)\n# h",
    stderr: "```\n````x\x1b[2J",
  };
  const page = render({ host: "web1", error });
  assert.match(
    page,
    /^\| web1 \| failed in s: c: a\\\|b \\\*c\\\* \\`d\\` &#60;e\\> &#38;amp; \\\[f\\\]\(g\)\\\\n\\# h \|$/m,
  );
  assert.ok(page.endsWith("\n`````\n```\n````x\\x1b[2J\n`````\n"), page);
});

test("what a host is called reaches no terminal raw", () => {
  const text = render({
    host: "a\x1b[31m\nb",
    error: { step: "s", code: "c", message: "m", stderr: "said" },
  });
  assert.ok(!text.includes("\x1b"), text);
  assert.ok(text.includes("**a\\\\x1b\\[31m\\\\nb**"), text);
});
