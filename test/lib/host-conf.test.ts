import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Settings } from "../../lib/config/settings.js";
import { confFor } from "../../lib/host-conf.js";
import { readTemplate } from "../../lib/supervisor/template.js";

const settings = new Settings({
  file: undefined,
  directory: "/x",
  values: { project: "demo", ports: { a: "880" }, deploy: { processes: 2, profile: "test" } },
  projectName: undefined,
});
const none = { project: undefined, profile: undefined, processes: undefined, "port-prefix": undefined };

test("the built-in template with values of configuration, record and flags", async () => {
  const template = readTemplate(undefined);
  const venv = { name: "a", path: "/srv/demo/a" };
  const conf = await confFor(settings, template, venv, { ...none, profile: "flag" }, { bind: "10.0.0.7" });
  const written = await text(conf.payload.open());
  assert.equal(Buffer.byteLength(written), conf.payload.size);
  assert.match(
    written,
    /^command="\/srv\/demo\/a\/bin\/demo" --profile="flag" --bind="10.0.0.7" --port=880%\(process_num\)d$/m,
  );
  assert.ok(written.includes(`password=${conf.credentials.password}\n`));
  assert.equal(conf.ports, "demo_0 8800\ndemo_1 8801");
});

test("a virtualenv without ports, and one whose path is not known yet", async () => {
  const template = readTemplate(undefined);
  await assert.rejects(confFor(settings, template, { name: "b", path: "/srv/demo/b" }, none, {}), {
    code: "template-failed",
    message: /port has no value: say its first digits by --port-prefix, or in \[ports\]/,
  });
  await assert.rejects(confFor(settings, template, { name: "a", path: "~/demo/a" }, none, {}), {
    code: "no-venv",
  });
});
