import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expectStatus, scratch } from "../lab/program.js";

test("programs, topics and aliases by their names; es help is es-help", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "essay.toml"), '[alias]\npeek = "es-hosts {1:ROLE} | cat"\nvenv = "true"\n');
  const begins = async (text: RegExp, ...args: string[]) => {
    const ran = await expectStatus(0, "es", ["help", ...args], { cwd });
    assert.match(ran.stdout, text, ran.report);
  };
  for (const name of ["venv", "es-venv"]) await begins(/^NAME\n {5}es-venv - /, name);
  await begins(/^NAME\n {5}es-supervisor - /, "supervisor", "status");
  await begins(/^NAME\n {5}essay-recipes - /, "recipes");
  await begins(/^NAME\n {5}essay\.toml - /, "essay.toml");
  await begins(/^ {5}locked {2}Another run deploys to this virtualenv/, "locked");
  await begins(/^es nginx reload \[-R ROLE\].*\n {4}es-nginx reload \{@\}\n/s, "nginx", "reload");
  await begins(/^es peek ROLE\n/, "peek");
  await begins(/^programs:\n.*\n {2}peek +ROLE\n/s);
});

test("a name that the manual has nothing of is a mistake, with the nearest one", async (t) => {
  const cwd = scratch(t);
  const said = async (...args: string[]) => (await expectStatus(2, "es-help", args, { cwd })).stderr;
  assert.match(await said("hots"), /nothing of hots; did you mean hosts\?; es help lists/);
  assert.match(await said("essay.tml"), /did you mean essay\.toml\?/);
  assert.match(await said("depoly"), /did you mean deploy\?/);
  assert.match(await said("es-nothing-like-it"), /nothing of es-nothing-like-it; es help lists/);
  assert.match(await said("deploy", "now"), /deploy has no verb now/);
  assert.match(await said("a", "b", "c"), /unexpected operand c/);
});

test("somebody else's program is named", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "es-hello"), "#!/bin/sh\n");
  chmodSync(join(cwd, "es-hello"), 0o755);
  const env = { PATH: `${cwd}:${process.env.PATH}` };
  for (const name of ["hello", "es-hello"]) {
    const ran = await expectStatus(0, "es-help", [name], { cwd, env });
    assert.equal(ran.stdout, "es-hello is no part of essay: ask it itself, such as by es-hello --help\n");
  }
});
