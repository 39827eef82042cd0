// Hosts behind a proxy are the lab's hosts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { program } from "./program.js";
import { type Proxied, proxied } from "./proxied.js";
import { type SshLab, startSshd } from "./sshd.js";

let lab: SshLab;
let network: Proxied;
before(async () => {
  lab = await startSshd({ hosts: 2 });
  network = await proxied(lab, 5);
});
after(async () => {
  await network.proxy.stop();
  await lab.stop();
});

test("each host is reached by its own route, at its known key", async () => {
  for (const [place, { address, user }] of lab.hosts.entries()) {
    const ran = await program("ssh", [
      "-F",
      network.sshConfig,
      "-o",
      "BatchMode=yes",
      `${user}@${address}`,
      "id -un",
    ]);
    assert.equal(ran.stdout, `${user}\n`, ran.report);
    assert.equal(network.proxy.connections.at(-1)?.route, place);
  }
});
