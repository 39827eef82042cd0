import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fetchPage } from "./http.js";
import { startIndex } from "./index.js";

test("the index has supervisor and what builds need, until it is stopped", async () => {
  const index = await startIndex();
  try {
    for (const name of ["pip", "setuptools", "supervisor", "wheel"]) {
      const page = await fetchPage(`${index.url}${name}/`);
      assert.equal(page.status, 200);
      assert.match(page.body, new RegExp(`${name}-[\\d.]+-py3-none-any.whl#sha256=`));
    }
  } finally {
    await index.stop();
  }
  await assert.rejects(fetchPage(index.url));
  assert.ok(!existsSync(index.directory));
});
