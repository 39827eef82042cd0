import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Target } from "../../../lib/transport/contract.js";
import { SshQuery } from "../../../lib/transport/ssh-query.js";
import { scratch } from "../../lab/program.js";

/** Puts an ssh before the real one that writes down each call of it; returns a reader of their number. */
function countCalls(t: TestContext): () => number {
  const directory = join(scratch(t), "bin");
  const log = join(directory, "calls");
  mkdirSync(directory);
  writeFileSync(log, "");
  const real = execFileSync("sh", ["-c", "command -v ssh"], { encoding: "utf8" }).trim();
  const text = `#!/bin/sh\necho call >>${log}\nexec ${real} "$@"\n`;
  writeFileSync(join(directory, "ssh"), text, { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${directory}:${before}`;
  t.after(() => {
    process.env.PATH = before;
  });
  return () => readFileSync(log, "utf8").split("\n").length - 1;
}

/** Asks for all targets together, and for each with a query of its own; both must agree. */
async function agree(t: TestContext, config: string, targets: readonly Target[]): Promise<number> {
  const file = join(scratch(t), "config");
  writeFileSync(file, config);
  const calls = countCalls(t);
  const query = new SshQuery(file);
  const together = await Promise.all(targets.map((target) => query.valuesFor(target)));
  const number = calls();
  for (const [place, target] of targets.entries()) {
    const alone = await new SshQuery(file).valuesFor(target);
    // The path of the control socket, which nobody reads here, may differ.
    const readable = (values: typeof alone) =>
      [...(values ?? [])].filter(([keyword]) => keyword !== "controlpath").sort();
    assert.deepEqual(readable(together[place]), readable(alone), `${target.host}`);
  }
  return number;
}

const hosts = (...names: string[]): Target[] => names.map((host) => ({ host }));

test("hosts that no block tells apart cost one call, whatever their users and ports", async (t) => {
  const targets = [
    ...Array.from({ length: 20 }, (_, number) => ({
      host: `web${number}`,
      user: `user-${number}`,
      port: 2200,
    })),
    { host: "10.0.0.7", user: "essay", port: 22 },
    { host: "db.example.com", user: "essay", port: 2222 },
  ];
  assert.equal(await agree(t, "User deployer\nControlPath ~/%C\nHost other\n  Port 1\n", targets), 1);
});

test("one call for each class, and for each host that must be asked for alone", async (t) => {
  const config = `
Host web*
  Port 2200
Host db?
  HostName %h.example.com
Host a b
  HostName a
Host key*
  IdentityFile ~/.ssh/%h
Host *
  ProxyJump bastion
`;
  const targets = hosts(
    "web1",
    "web2",
    "x",
    "y",
    "db1",
    "db2",
    "a",
    "b",
    "key1",
    "key2",
    "Y",
    "::1",
    "0:0::1",
  );
  // web*, and the others; db1, db2, a, b, key1, key2, and three that ssh writes otherwise.
  assert.equal(await agree(t, config, targets), 2 + 6 + 3);
});

test("files that are included count, also where the block of the Include does not", async (t) => {
  const included = join(scratch(t), "included");
  writeFileSync(included, "Port 2200\nHost web1\n  User one\n");
  const config = `Host web*\n  Include ${included}\nHost *\n  User other\n`;
  assert.equal(await agree(t, config, hosts("x", "y", "web1", "web2", "web3")), 3);
});

test("with a Match block every host is asked for", async (t) => {
  const config = `Match exec "test %n = web1"\n  Port 2200\n`;
  assert.equal(await agree(t, config, hosts("web1", "web2", "web3")), 3);
});

test("the first host of all may be one that is asked for alone", async (t) => {
  assert.equal(await agree(t, "Port 2200\n", hosts("Web1", "web2", "web3")), 2);
});

test("a user with a percent sign is asked for alone", async (t) => {
  const targets = [
    { host: "a", user: "x" },
    { host: "b", user: "x%h" },
    { host: "c", user: "y" },
  ];
  assert.equal(await agree(t, "Port 2200\n", targets), 2);
});

test("each host hears what ssh cannot read", async (t) => {
  const file = join(scratch(t), "config");
  writeFileSync(file, "Nonsense yes\n");
  const query = new SshQuery(file);
  const said = hosts("web1", "web2").map((target) =>
    assert.rejects(
      query.valuesFor(target),
      new RegExp(`ssh -G ${target.host} failed: .*line 1.*nonsense`, "i"),
    ),
  );
  await Promise.all(said);
});
