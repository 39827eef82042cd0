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
  const small = newSpace(`import { keepHeapSmall } from ${JSON.stringify(smallHeap)}; keepHeapSmall(1);`);
  assert.ok(small <= 2 * 1024 * 1024, `${small} bytes`);
  assert.ok(newSpace("") > small, "otherwise there would be no need for it");
});

/** The most bytes of the heap of a program that keeps each of many objects for a while. */
function mostOfHeap(hosts: number): number {
  const program = `import { keepHeapSmall } from ${JSON.stringify(smallHeap)};
    keepHeapSmall(${hosts});
    const kept = [];
    let most = 0;
    for (let at = 0; at < 1e6; at++) {
      kept[at % 50_000] = { at, list: [at] };
      if (at % 10_000 === 0) most = Math.max(most, process.memoryUsage().heapTotal);
    }
    console.log(most);`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", program]));
}

test("for many hosts garbage does not gather for long", () => {
  const [few, many] = [mostOfHeap(10), mostOfHeap(1000)];
  assert.ok(many < 0.9 * few, `${many} bytes, and ${few} for few hosts`);
});
