import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runBody } from "../../lab/body.js";
import { commandLine, descendants, kill, processesThatHave, until } from "../../lab/processes.js";
import { scratch } from "../../lab/program.js";
import { LocalWith, pathOf } from "../../lab/shells.js";

for (const shell of ["dash", "bash", "busybox"] as const)
  test(`${shell}: nobody but the script has the lock that it holds open: it goes with the script, however that is ended`, async (t) => {
    const lock = join(realpathSync(scratch(t)), "lock");
    let holder = 0;
    const ran = runBody('give_back() { :; }; exec 7>>"$1"; result pid "$$"; hold "$1"', {
      transport: new LocalWith({ PATH: pathOf(shell) }),
      parts: ["hold"],
      args: [lock],
      heard: (results) => {
        holder = Number(results.get("pid"));
      },
    });
    const waits = (pid: number) => commandLine(pid).startsWith("sleep 86400");
    await until("the wait", () => holder !== 0 && descendants(holder).some(waits));
    assert.deepEqual(processesThatHave(lock), [holder]);
    kill([holder]);
    await until("the lock to go", () => processesThatHave(lock).length === 0);
    assert.equal((await ran).signal, "KILL");
  });
