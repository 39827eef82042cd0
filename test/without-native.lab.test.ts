// ssh2 without its native part, as `npm install --ignore-scripts` leaves it.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { expectStatus, recordsOf, scratch } from "./lab/program.js";
import { labFor, targetOf } from "./lab/reach.js";
import { withoutNative } from "./lab/without-native.js";

const native = fileURLToPath(
  new URL("../../node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node", import.meta.url),
);

describe("a host", () => {
  const started = labFor({ hosts: 1 });

  test("ssh2 works without what its install script makes", async (t) => {
    const at = scratch(t);
    const asked = join(at, "asked");
    writeFileSync(asked, "");
    const host = started.host(0);
    const text = "x".repeat(50_000);
    const { stdout } = await expectStatus(0, "es-run", ["--", "printf", "%s", text], {
      input: `${JSON.stringify({ ...targetOf(host), transport: "ssh" })}\n`,
      env: {
        ...withoutNative(join(at, "hide.cjs"), asked),
        ESSAY_SSH_CONFIG: started.lab.sshConfig,
        HOME: at,
      },
    });
    assert.equal(recordsOf(stdout)[0].ran.stdout, text);
    // Where none was made, all other tests show the same.
    assert.equal(readFileSync(asked, "utf8").includes("sshcrypto.node"), existsSync(native));
  });
});
