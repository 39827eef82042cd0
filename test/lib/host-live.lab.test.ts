import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, UsageError } from "../../lib/base/failure.js";
import type { Configuration } from "../../lib/config/schema.js";
import { Settings } from "../../lib/config/settings.js";
import { sideFinder } from "../../lib/host-live.js";
import { Interrupt } from "../../lib/interrupt.js";
import { LocalTransport } from "../../lib/transport/local.js";
import { startNginx } from "../lab/nginx.js";

const transport = new LocalTransport();
const sides = { a: "upstreamA", b: "upstreamB" };

test("both sides by their names, from the configuration or as they are told", async (t) => {
  const nginx = await startNginx({ upstreams: { upstreamB: ["127.0.0.1:1"], upstreamA: ["127.0.0.1:2"] } });
  t.after(() => nginx.stop());
  const interrupt = new Interrupt();
  t.after(() => interrupt.release());
  const context = { name: "es-live", jobs: 2, timeout: 30_000, interrupt };
  const finder = (values: Configuration, asked = {}) => {
    const settings = new Settings({ values, file: undefined, directory: "/", projectName: undefined });
    return sideFinder(context, { settings, transport }, asked);
  };
  const { conf } = nginx;
  const found = { live: { name: "b", upstream: "upstreamB" }, idle: { name: "a", upstream: "upstreamA" } };
  const configured = { roles: { lb: ["@local"] }, nginx: { role: "lb", conf, sides } };
  assert.deepEqual(await finder(configured)(), found);
  const files = { bin: undefined, conf, "switch-conf": undefined };
  assert.deepEqual(await finder({}, { balancers: ["@local"], sides, files })(), found);

  const none = await finder(configured, { sides: { a: "upstreamA", c: "upstreamC" } })();
  assert.ok(none instanceof Failure);
  assert.equal(none.code, "pattern-absent");
  assert.match(none.message, /^which side is served cannot be told: @local: /);
  assert.throws(() => finder({ nginx: { sides } }), UsageError);
  assert.throws(() => finder({}, { balancers: ["@local"] }), UsageError);
});
