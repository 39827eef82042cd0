import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

const smallHeap = new URL("../../../lib/base/small-heap.js", import.meta.url).href;

/** Bytes of the space for new objects when a program has made many of them. */
function newSpace(before: string): number {
  const program = `import { getHeapSpaceStatistics } from "node:v8";
    ${before}
    const kept = [];
    for (let at = 0; at < 3e5; at++) {
      kept.push({ at, list: [at] });
      if (kept.length > 50_000) kept.splice(0, 25_000);
    }
    console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size);`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", program]));
}

test("the space for new objects stays as small as it is at first", () => {
  const small = newSpace(`import { keepHeapSmall } from ${JSON.stringify(smallHeap)}; keepHeapSmall();`);
  assert.ok(small <= 2 * 1024 * 1024, `${small} bytes`);
  assert.ok(newSpace("") > small, "otherwise there would be no need for it");
});
