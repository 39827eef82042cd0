import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Progress } from "../../lib/progress.js";
import { SessionConnection } from "../../lib/transport/session-connection.js";
import { openSession } from "../../lib/transport/session-server.js";
import { SessionWatch } from "../../lib/transport/session-watch.js";
import { until } from "../lab/processes.js";
import { scratch } from "../lab/program.js";

test("what a step tells reaches the view, each host once, and not too many words on the way", async () => {
  const session = await openSession({ jobs: 1 });
  const path = session.variables.ESSAY_SESSION;
  const seen: object[] = [];
  const connection = new SessionConnection(path);
  const holds: string[] = [];
  await new SessionWatch({
    event: (value) => seen.push(value),
    hold: () => holds.push("hold"),
    resume: () => holds.push("resume"),
  }).begin(connection);
  const progress = new Progress(path, "abc.3", "es-pip");
  progress.step();
  progress.came("web1", 4);
  progress.came("web1", 4);
  progress.begun("web1");
  progress.doing(() => "half");
  progress.doing(() => assert.fail("too soon"));
  progress.done("web1", 5, "installed", undefined);
  progress.done("web2", 5, "no", "locked");
  const release = await progress.hold();
  assert.deepEqual(holds, ["hold"]);
  release();
  const by = { view: "abc", stage: 3, step: "es-pip" };
  assert.deepEqual(seen, [
    { ...by, what: "step" },
    { ...by, what: "came", host: "web1", of: 4 },
    { ...by, what: "begun", host: "web1" },
    { ...by, what: "doing", said: "half" },
    { ...by, what: "done", host: "web1", ms: 5, said: "installed" },
    { ...by, what: "done", host: "web2", ms: 5, said: "no", code: "locked" },
  ]);
  await until("the terminal to be given back", () => holds.length === 2);
  progress.close();
  await connection.close();
  await session.idle();
  await session.close();
});

test("what a step tells that ends at once reaches the view, too", async () => {
  const session = await openSession({ jobs: 1 });
  const path = session.variables.ESSAY_SESSION;
  const seen: object[] = [];
  const connection = new SessionConnection(path);
  const watch = { event: (value: object) => seen.push(value), hold: () => {}, resume: () => {} };
  await new SessionWatch(watch).begin(connection);
  const progress = new Progress(path, "abc.3", "es-pip");
  progress.done("web1", 5, "there", undefined);
  progress.close();
  await until("what it told", () => seen.length > 0);
  assert.deepEqual(seen, [
    { view: "abc", stage: 3, step: "es-pip", what: "done", host: "web1", ms: 5, said: "there" },
  ]);
  await connection.close();
  await session.idle();
  await session.close();
});

test("without a session nothing is told, and nothing fails", async (t) => {
  const progress = new Progress(join(scratch(t), "none"), "abc.0", "es-pip");
  progress.step();
  const release = await progress.hold();
  release();
  progress.close();
});
