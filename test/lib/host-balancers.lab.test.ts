import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Gate } from "../../lib/base/gate.js";
import { balancerOf } from "../../lib/host-balancers.js";
import { openTransport } from "../../lib/transport/open.js";
import { startNginx } from "../lab/nginx.js";
import { until } from "../lab/processes.js";
import { web } from "../lab/web.js";

test("a balancer is locked, looked at and probed", async (t) => {
  const origin = await web(t, (request, response) => {
    response.statusCode = request.url === "/lost" ? 404 : 200;
    response.end(`version 2 for ${request.headers["x-real-ip"]}`);
  });
  const nginx = await startNginx({ upstreams: { upstreamA: [origin.replace("http://", "")] } });
  t.after(() => nginx.stop());
  const transport = openTransport({ config: undefined, acceptNew: false }, { session: undefined });
  t.after(() => transport.close());
  const never = new AbortController().signal;
  const task = { signal: never, plan: false, show: undefined };
  const probing = (url: string, expect: string) =>
    balancerOf(
      "lb1",
      { host: "lb1", transport: "local" },
      { bin: "nginx", conf: nginx.conf, switchConf: "-", probe: [url, expect] },
      // What is held takes no place.
      { transport, gate: new Gate(1), task },
    );
  const balancer = probing(`http://www.example.com:${nginx.port}/`, "version 2");

  const release = await balancer.lock(never);
  await assert.rejects(balancer.lock(never), {
    code: "locked",
    message: /is locked by .*@.* \(since 20\d\d-/,
  });
  const file = join(nginx.directory, "conf/.essay-lock");
  assert.ok(existsSync(file));
  const said = await balancer.act("look", { from: "upstreamA", to: "upstreamB" }, [], never);
  assert.equal(said.get("state"), "from");
  assert.equal((await balancer.act("look", undefined, [], never)).get("state"), undefined);
  await release();
  await until("the end of the lock", () => !existsSync(file));
  await (await balancer.lock(never))();

  await balancer.act("probe", undefined, [], never);
  const wrong: [url: string, expect: string, why: RegExp][] = [
    [nginx.url, "version 3", /the page does not contain version 3: version 2 for /],
    [`${nginx.url}lost`, "", /status 404, not 200/],
    ["http://127.0.0.1:1/", "", /refused/],
    [nginx.url.replace("http:", "https:"), "", /SSL|wrong version/],
  ];
  await Promise.all(
    wrong.map(([url, expect, why]) =>
      assert.rejects(probing(url, expect).act("probe", undefined, [], never), {
        code: "probe-failed",
        message: why,
      }),
    ),
  );
});
