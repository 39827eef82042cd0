import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Configuration } from "../../lib/config/schema.js";
import { Settings } from "../../lib/config/settings.js";
import { badConfiguration, examineProject } from "../../lib/doctor-project.js";
import { scratch } from "../lab/program.js";

test("what the configuration names, and what of it is not there", (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, "there.conf"), "");
  const examined = (values: Configuration, file?: string) =>
    examineProject(new Settings({ values, file, directory, projectName: undefined })).map(
      ({ verdict, check, found }) => `${verdict} ${check} ${found}`,
    );
  assert.deepEqual(examined({}), [
    `note essay.toml none in ${directory} or above it`,
    "note project no project is named",
  ]);
  const whole: Configuration = {
    project: "demo",
    supervisor: { template: "there.conf" },
    deploy: { conf: [{ from: "there.conf", to: "x" }] },
    ports: { a: "880" },
    nginx: { sides: { a: "A" } },
  };
  assert.deepEqual(examined(whole, "/e/essay.toml"), ["ok essay.toml /e/essay.toml", "ok project demo"]);
  const broken = {
    ...whole,
    supervisor: { template: "no.conf" },
    deploy: { conf: [{ from: "no.tpl", to: "x" }] },
    nginx: { sides: { a: "A", b: "B" } },
  };
  assert.deepEqual(examined(broken, "/e/essay.toml").slice(2), [
    `wrong essay.toml supervisor.template names ${directory}/no.conf, which is not there`,
    `wrong essay.toml deploy.conf names ${directory}/no.tpl, which is not there`,
    "wrong essay.toml nginx.sides has b, ports has not",
  ]);
  assert.equal(badConfiguration("/e/essay.toml:3: x is no key of essay").verdict, "wrong");
});
