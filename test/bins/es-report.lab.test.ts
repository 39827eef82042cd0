// The page of es-report, as a browser shows it.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { expectStatus, program, scratch } from "../lab/program.js";

const step = (name: string, at: number, more: object = {}) => ({
  step: name,
  args: [],
  at: `2026-11-22T08:00:${String(at).padStart(2, "0")}Z`,
  ms: 900,
  changed: true,
  ...more,
});

/** Records of a thousand hosts; each fiftieth failed, and says what could be taken for a script. */
function thousand(): object[] {
  return Array.from({ length: 1000 }, (_, i) => {
    const host = { host: `web${i}`, project: "demo", version: "1.0" };
    if (i % 50 > 0) return { ...host, trace: [step("es-venv", i % 30), step("es-pip", (i % 30) + 1)] };
    const message = '<script>document.title = "broken"</script><img src=x onerror="document.title=1">';
    return {
      ...host,
      trace: [step("es-venv", 0, { code: "disk-full" })],
      error: { step: "es-venv", code: "disk-full", message, stderr: `${message}\u001b[2J` },
    };
  });
}

/** What a script sees of the page in a browser 1300 pixels wide; the page itself lets none run. */
async function seen(t: TestContext, page: string, script: string): Promise<Record<string, unknown>> {
  const folder = scratch(t);
  const file = join(folder, "page.html");
  const open = page.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");
  assert.notEqual(open, page, "the page has no policy");
  writeFileSync(
    file,
    open.replace(
      "</body>",
      `<script>const seen = (() => {${script}})(); document.body.replaceChildren(JSON.stringify(seen));</script></body>`,
    ),
  );
  const ran = await program("chromium", [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--window-size=1300,900",
    `--user-data-dir=${join(folder, "profile")}`,
    "--dump-dom",
    `file://${file}`,
  ]);
  const [, json] = /<body>(\{.*\})\s*<\/body>/s.exec(ran.stdout) ?? [];
  assert.ok(json, `${ran.stdout.slice(0, 2000)}\n${ran.stderr}`);
  return JSON.parse(json.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
}

test("a thousand hosts are a page that a browser shows, with what failed first and every bar in its place", async (t) => {
  const file = join(scratch(t), "run.html");
  const input = thousand()
    .map((record) => `${JSON.stringify(record)}\n`)
    .join("");
  await expectStatus(1, "es-report", ["--html", file], { input });
  const page = readFileSync(file, "utf8");
  const looked = await seen(
    t,
    page,
    `
    const rows = [...document.querySelectorAll(".records tbody tr")];
    const shown = () => rows.filter((row) => row.getBoundingClientRect().height > 0).length;
    const inside = (bar) => {
      const [own, place] = [bar, bar.parentElement].map((e) => e.getBoundingClientRect());
      return own.width > 0 && own.height > 0 && own.left >= place.left - 1 && own.right <= place.right + 3;
    };
    const bars = [...document.querySelectorAll(".time b")];
    const all = shown();
    document.querySelector("#failed").click();
    return {
      title: document.title,
      images: document.images.length,
      all,
      failed: shown(),
      first: rows.slice(0, 20).every((row) => row.classList.contains("failed")),
      bars: bars.length,
      outside: bars.filter((bar) => !inside(bar) && bar.getBoundingClientRect().height > 0).length,
      wide: document.documentElement.scrollWidth > 1300,
      red: getComputedStyle(document.querySelector(".time b.bad")).backgroundColor,
      outputs: document.querySelectorAll("details pre").length,
    };`,
  );
  assert.deepEqual(looked, {
    title: "demo 1.0",
    images: 0,
    all: 1000,
    failed: 20,
    first: true,
    bars: 1980,
    outside: 0,
    wide: false,
    red: "rgb(221, 51, 51)",
    outputs: 20,
  });
});
