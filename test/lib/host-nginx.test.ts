import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../lib/base/failure.js";
import { Settings } from "../../lib/config/settings.js";
import { nginxFor, switchFileFor } from "../../lib/host-nginx.js";

const settings = (nginx: { bin?: string; conf?: string; switch_conf?: string }) =>
  new Settings({ values: { nginx }, file: undefined, directory: "/", projectName: undefined });

test("program and configuration: by flag, by configuration, or as nginx was built", () => {
  const none = { bin: undefined, conf: undefined };
  assert.deepEqual(nginxFor(settings({}), none), { bin: "nginx", conf: "-" });
  const configured = settings({ bin: "/opt/nginx", conf: "~/nginx.conf" });
  assert.deepEqual(nginxFor(configured, none), { bin: "/opt/nginx", conf: "~/nginx.conf" });
  assert.deepEqual(nginxFor(configured, { bin: "openresty", conf: "/etc/n.conf" }), {
    bin: "openresty",
    conf: "/etc/n.conf",
  });
});

test("a configuration that begins nowhere is refused", () => {
  for (const conf of ["nginx.conf", "conf/nginx.conf", "~root/nginx.conf", "--", "-c"])
    assert.throws(() => nginxFor(settings({}), { bin: undefined, conf }), UsageError);
});

test("the file that names the upstream", () => {
  assert.equal(switchFileFor(settings({}), { "switch-conf": undefined }), "-");
  assert.equal(switchFileFor(settings({ switch_conf: "up.conf" }), { "switch-conf": undefined }), "up.conf");
  assert.equal(switchFileFor(settings({ switch_conf: "up.conf" }), { "switch-conf": "b.conf" }), "b.conf");
});
