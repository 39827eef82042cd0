import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileOf } from "../lab/program.js";

/** Starts a program that waits for a signal, and says what came of it. */
async function waiting(args: readonly string[], send: (child: ReturnType<typeof spawn>) => Promise<void>) {
  const child = spawn(process.execPath, [fileOf("es-show") ?? "", "--wait", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
    });
  await once(child.stdout, "data");
  await send(child);
  const [status, signal] = await once(child, "close");
  return { status, signal, output };
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  test(`${name}: the work ends in order, then the process dies by the signal`, async () => {
    const { status, signal, output } = await waiting([], async (child) => {
      child.kill(name);
    });
    assert.deepEqual([status, signal], [null, name], output);
    assert.match(output, /cleaning up/);
    assert.match(output, /"args":/);
  });

test("a second signal ends at once", async () => {
  const { signal, output } = await waiting(["stubborn"], async (child) => {
    child.kill("SIGINT");
    for (let seen = ""; !seen.includes("cleaning up"); )
      [seen] = (await once(child.stderr as NonNullable<typeof child.stderr>, "data")).map(String) as [string];
    // At once it would be the first one over again, as from a terminal and from our parent.
    child.kill("SIGTERM");
    await pause(700);
    assert.equal(child.signalCode, null);
    child.kill("SIGTERM");
  });
  assert.equal(signal, "SIGINT", output);
  assert.doesNotMatch(output, /"args":/);
});

test("a script of bash goes no further after a signal", async () => {
  const child = spawn("bash", ["-c", `node ${fileOf("es-show")} --wait; echo went on`], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  await once(child.stdout, "data");
  // To the whole process group, as a terminal does.
  process.kill(-(child.pid ?? 0), "SIGINT");
  const [, signal] = await once(child, "close");
  assert.equal(signal, "SIGINT", stdout);
  assert.doesNotMatch(stdout, /went on/);
});
