import assert from "node:assert/strict";
import { test } from "node:test";
import { renderHtml, spacing } from "../../../lib/report/html.js";
import { summarise } from "../../../lib/report/summary.js";

const render = (...records: Record<string, unknown>[]) => renderHtml(records, summarise(records, 0));

test("the time line has at most eight spaces, of a length that people count in", () => {
  assert.deepEqual([0.1, 8, 9, 100, 3600, 100_000].map(spacing), [1, 1, 2, 15, 600, 14_400]);
});

test("a page has its title from the release where it is one, and a bar for each step", () => {
  const trace = [
    { step: "es-venv", args: [], at: "2026-11-22T08:00:00Z", ms: 1000, changed: true },
    { step: "es-pip", args: [], at: "2026-11-22T08:00:01Z", ms: 3000, changed: false, code: "pip-failed" },
    { step: "es-check", args: [], at: "2026-11-22T08:00:04Z", ms: 0, changed: false, code: "not-attempted" },
  ];
  const page = render({ host: "web1", project: "demo", version: "1.0", trace });
  assert.match(page, /<title>demo 1\.0<\/title>/);
  assert.match(page, /<p>2026-11-22T08:00:00Z, 4\.0 s<\/p>/);
  assert.deepEqual(
    [...page.matchAll(/<b class="(\w+)" style="left:([\d.]+)%;width:([\d.]+)%" title="([^"]*)">/g)].map((m) =>
      m.slice(1),
    ),
    [
      ["changed", "0.00", "25.00", "es-venv: changed, 1.0 s"],
      ["bad", "25.00", "75.00", "es-pip: pip-failed, 3.0 s"],
    ],
  );
  assert.match(
    render({ project: "a", version: "1" }, { project: "b", version: "1" }),
    /<title>essay<\/title>/,
  );
});

test("text from elsewhere is never markup", () => {
  const bad = `"><script>alert(1)</script>&amp;'\x1b[2J`;
  const error = { step: bad, code: bad, message: bad, stderr: bad };
  const trace = [{ step: bad, args: [], at: "2026-11-22T08:00:00Z", ms: 1, changed: false, code: bad }];
  const page = render({ host: bad, project: bad, version: bad, venv: { name: bad }, error, trace });
  assert.ok(!page.includes("<script"), page);
  assert.ok(!page.includes("\x1b"), page);
  assert.ok(page.includes("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;'\\x1b[2J"), page);
});
