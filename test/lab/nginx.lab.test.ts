import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { fetchPage } from "./http.js";
import { startNginx } from "./nginx.js";
import { freePort } from "./ports.js";
import { startSshd } from "./sshd.js";

test("nginx serves the first upstream, and its second one is sound", async (t) => {
  const port = await freePort();
  const server = createServer((_, response) => response.end("side A")).listen(port, "127.0.0.1");
  t.after(() => server.close());
  const nginx = await startNginx({
    upstreams: { upstreamA: [`127.0.0.1:${port}`], upstreamB: [`127.0.0.1:${await freePort()}`] },
  });
  try {
    assert.deepEqual(await fetchPage(nginx.url), { status: 200, body: "side A" });
    assert.equal(nginx.workers().length, 1);
  } finally {
    await nginx.stop();
  }
  assert.ok(!existsSync(nginx.directory));
});

test("nginx runs as a user of the lab", async () => {
  const lab = await startSshd({ hosts: 1 });
  try {
    const [user] = lab.hosts;
    assert.ok(user);
    const upstreams = { upstreamA: ["127.0.0.1:1"] };
    const nginx = await startNginx({ upstreams, user, directory: `${user.home}/nginx` });
    try {
      assert.equal(statSync(`/proc/${nginx.pid()}`).uid, user.uid);
      assert.equal((await fetchPage(nginx.url)).status, 502);
    } finally {
      await nginx.stop();
    }
  } finally {
    await lab.stop();
  }
});
