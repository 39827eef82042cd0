import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { program, scratch } from "./program.js";

const dist = fileURLToPath(new URL("../../", import.meta.url));
const names = readdirSync(join(dist, "programs")).filter((name) => name.endsWith(".js"));

test("V8 takes what the build has had it compile of each program", () => {
  for (const name of names) {
    const filename = join(dist, "programs", name);
    const cachedData = readFileSync(`${filename}.${process.arch}`);
    const { cachedDataRejected } = new Script(readFileSync(filename, "utf8"), { filename, cachedData });
    assert.equal(cachedDataRejected, false, name);
    // One character that is none of ASCII, and V8 keeps all of them in two bytes.
    assert.ok(/^[\0-\x7f]*$/.test(readFileSync(filename, "latin1")), name);
  }
});

test("to say how it is used, no program has Node load more than Node itself needs", async (t) => {
  const folder = scratch(t);
  const tells = join(folder, "tells.cjs");
  const loaded = "process.moduleLoadList.map((name) => name.split(' ')[1])";
  writeFileSync(
    tells,
    `const before = new Set(${loaded});
process.on("exit", () => {
  const more = ${loaded}.filter((name) => !before.has(name));
  require("node:fs").writeFileSync(${JSON.stringify(join(folder, "more"))}, more.join());
});`,
  );
  for (const name of names) {
    const file = join(dist, "bins", name.replace(".js", ".cjs"));
    const ran = await program(process.execPath, ["--require", tells, file, "--help"]);
    assert.equal(ran.status, 0, ran.report);
    assert.equal(readFileSync(join(folder, "more"), "utf8"), "vm", name);
  }
});

test("a program runs where nothing is compiled of it, or by another V8", async (t) => {
  const folder = scratch(t);
  for (const part of ["bins/es-pick.cjs", "programs/es-pick.js"])
    cpSync(join(dist, part), join(folder, part));
  const file = join(folder, "bins/es-pick.cjs");
  const compiled = join(folder, `programs/es-pick.js.${process.arch}`);
  writeFileSync(compiled, "of another V8");
  const other = await program(process.execPath, [file, "--help"]);
  rmSync(compiled);
  const none = await program(process.execPath, [file, "--help"]);
  const whole = await program("es-pick", ["--help"]);
  for (const { stdout, stderr, report } of [other, none])
    assert.deepEqual({ stdout, stderr }, { stdout: whole.stdout, stderr: "" }, report);
});
