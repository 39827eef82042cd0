import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { PipWheels } from "../../lib/pip-wheel.js";

const wheels = new PipWheels(new AbortController().signal);

test("this machine's wheel of pip, for a Python that it is for", async () => {
  const payload = await wheels.for("3.11.2", undefined);
  // A zip archive; and the same one again.
  for (let times = 0; times < 2; times++) {
    const bytes = await buffer(payload.open());
    assert.equal(bytes.length, payload.size);
    assert.equal(bytes.toString("latin1", 0, 2), "PK");
  }
});

test("none is for a Python that is too old: that is said, with the ways on", async () => {
  await assert.rejects(wheels.for("2.7.18", undefined), {
    code: "no-pip",
    message: /virtualenv of Python 2\.7\.18, .* and no index is configured; install python3-venv on the host/,
  });
});
