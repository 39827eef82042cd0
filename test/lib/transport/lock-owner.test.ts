import assert from "node:assert/strict";
import { hostname, userInfo } from "node:os";
import { test } from "node:test";
import { program } from "../../lab/program.js";

const module = new URL("../../../lib/transport/lock-owner.js", import.meta.url).href;

test("who, from where and for what, in one line without secrets", async () => {
  const code = `const { lockOwner } = await import(${JSON.stringify(module)});
    process.stdout.write(lockOwner());`;
  const saidBy = async (file: string, ...args: string[]) =>
    (await program(process.execPath, ["--input-type=module", "-e", code, "--", file, ...args])).stdout;
  const said = (...args: string[]) => saidBy("/bin/es-pip.cjs", ...args);
  const me = `${userInfo().username}@${hostname()}: `;
  assert.equal(await said("a b", "x==1"), `${me}es-pip 'a b' x==1`);
  for (const file of ["/bin/es-pip", "/bin/es-pip.js"]) assert.equal(await saidBy(file), `${me}es-pip`);
  const odd = await said("https://ann:geheim@index/", "two\nlines\x1b[31m");
  assert.ok(odd.startsWith(`${me}es-pip `) && !/geheim/.test(odd), odd);
  assert.equal(await said("--setenv", "TOKEN=geheim"), `${me}es-pip --setenv 'TOKEN=***'`);
  assert.ok(!odd.includes("\n") && !odd.includes("\x1b"), odd);
  assert.ok((await said("x".repeat(5000))).length < 300);
});
