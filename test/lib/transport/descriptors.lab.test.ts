// A limit of open files that is too low for a fleet is told before any host is reached.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileOf, recordsOf, shell } from "../../lab/program.js";
import { labFor } from "../../lab/reach.js";

describe("a process that may have few files open", () => {
  const started = labFor({ hosts: 2 });
  const reach = `${process.execPath} ${fileOf("es-reach")}`;
  const connections = () => started.lab.log().match(/Accepted publickey/g)?.length ?? 0;

  /** Has a step reach as many hosts, of which the first two are there. */
  async function reachAll(count: number, limit: number, run: string) {
    const env = { ESSAY_SESSION: "", ESSAY_SSH_CONFIG: started.lab.sshConfig };
    const others = count > 2 ? `'127.0.0.[1-250]'` : "";
    const names = `${started.lab.inventory.join(" ")} ${others}`;
    const before = connections();
    const ran = await shell(`ulimit -n ${limit}; es-hosts ${names} | ${run}`, { env });
    return { ran, records: recordsOf(ran.stdout), connections: connections() - before };
  }

  const ways = {
    "a step": `${reach} -q`,
    "es-session": `es-session ${reach} -q`,
    "the system's ssh": `${reach} -q --ssh openssh`,
  };
  for (const [name, run] of Object.entries(ways))
    test(`${name}: no host of many is reached, and each record says why`, async () => {
      const { ran, records, connections } = await reachAll(252, 200, run);
      assert.equal(ran.status, 1, ran.report);
      assert.equal(records.length, 252);
      for (const { error } of records) {
        assert.equal(error?.code, "too-many-hosts", ran.report);
        assert.match(
          error.message,
          /^connections to 252 hosts need \d+ open files, and one process may have 200: raise/,
        );
      }
      assert.equal(connections, 0);
    });

  test("two hosts fit", async () => {
    const { ran, connections } = await reachAll(2, 200, ways["es-session"]);
    assert.equal(ran.status, 0, ran.report);
    assert.equal(connections, 2);
  });
});
