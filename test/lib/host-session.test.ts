import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { Context } from "../../lib/cli.js";
import { inSession } from "../../lib/host-session.js";
import { openTransport } from "../../lib/transport/open.js";

test("a new session, the one around, and one that has gone", async (t) => {
  const before = process.env.ESSAY_SESSION;
  t.after(() => {
    process.env.ESSAY_SESSION = before ?? "";
  });
  process.env.ESSAY_SESSION = "";
  const warnings: string[] = [];
  const warn = (line: string) => warnings.push(line);
  const context = { jobs: 1, configFile: undefined, configEnv: undefined, warn } as unknown as Context;
  const { signal } = new AbortController();
  const path = await inSession(context, { jobs: "2" }, async ({ variables }) => {
    process.env.ESSAY_SESSION = variables.ESSAY_SESSION;
    const inner = await inSession(context, {}, async (session) => session.variables.ESSAY_SESSION);
    assert.equal(inner, variables.ESSAY_SESSION);
    // The flag counts: there are two places.
    const transport = openTransport({ config: undefined, acceptNew: false });
    const places = [await transport.place?.(signal), await transport.place?.(signal)];
    assert.equal(places.length, 2);
    await transport.close();
    return inner;
  });
  assert.ok(!existsSync(path));
  assert.deepEqual(warnings, []);
  const anew = await inSession(context, {}, async ({ variables }) => variables.ESSAY_SESSION);
  assert.notEqual(anew, path);
  assert.deepEqual(warnings, [`ESSAY_SESSION names ${path}, where no session answers: this is a new one`]);
});

test("what fails ends the session, too", async () => {
  let path = "";
  const context = { jobs: 1, configFile: undefined, configEnv: undefined } as unknown as Context;
  const failing = inSession(context, {}, async ({ variables }) => {
    path = variables.ESSAY_SESSION;
    throw new Error("it failed");
  });
  await assert.rejects(failing, /it failed/);
  assert.ok(path !== "" && !existsSync(path));
});
