import assert from "node:assert/strict";
import { test } from "node:test";
import { epochOf, pipCause, pipFailure } from "../../../lib/package/pip.js";

/** What pip 23 writes, shortened. */
const logs: [log: string, code: string | undefined, why: RegExp][] = [
  [
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated ...\n    tiny===1.0 from http://127.0.0.1:1/f/tiny-1.0%2Bx-py3-none-any.whl#sha256=00 (from -r r.txt (line 1)):\n        Expected sha256 0\n",
    "hash-mismatch",
    /^tiny-1\.0\+x-py3-none-any\.whl on the index has other bytes than it should have$/,
  ],
  [
    "ERROR: Cannot install a and b because ...\n\nThe conflict is caused by:\n    The user requested tiny==1.1\n    needs 1.0 depends on tiny<1.1\n\nTo fix this you could try to:\nERROR: ResolutionImpossible: for help\n",
    "conflict",
    /^these do not go together: The user requested tiny==1\.1; needs 1\.0 depends on tiny<1\.1$/,
  ],
  [
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
    "disk-full",
    /space/,
  ],
  [
    "ERROR: Package 'picky' requires a different Python: 3.11.2 not in '>=3.99'\n",
    "requires-python",
    /^picky is for Python >=3\.99 only, and this is Python 3\.11\.2$/,
  ],
  [
    "ERROR: Could not find a version that satisfies the requirement tiny>=9 (from versions: 1.0, 1.1)\nERROR: No matching distribution found for tiny>=9\n",
    "version-not-found",
    /^the index has no tiny>=9 for this Python \(it has 1\.0, 1\.1\)$/,
  ],
  [
    "  error: subprocess-exited-with-error\n      error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory\n  ERROR: Failed building wheel for cext\nERROR: Failed to build one or more wheels\n",
    undefined,
    /^cext: the build needs x86_64-linux-gnu-gcc, which is not there: /,
  ],
  ["      sh: 1: cargo: not found\nERROR: Failed\n", undefined, /^the build needs cargo, /],
  [
    "Usage: pip wheel\n\nno such option: --no-build-isolation\n",
    "old-pip",
    /does not know --no-build-isolation/,
  ],
  [
    "  × pip subprocess to install build dependencies did not run successfully.\n      ERROR: Could not find a version that satisfies the requirement setuptools>=61 (from versions: none)\n      ERROR: No matching distribution found for setuptools>=61\n",
    undefined,
    /^the build needs setuptools>=61, which the index does not have: put it there, as by es-fetch 'setuptools>=61' \| es-upload, or .*--no-isolation/,
  ],
  // Of a pip that pip has started for the build environment: no requirement of ours is missing.
  ["  ERROR: No matching distribution found for x>=3\nERROR: other\n", undefined, /^No matching .* x>=3$/],
  ["Traceback\nTypeError: a\nValueError: no luck\nmore\n", undefined, /^ValueError: no luck$/],
  ["first\nlast words\n", undefined, /^last words$/],
  ["", undefined, /^it did not say why$/],
];

test("pip's output as a code and a sentence", () => {
  for (const [log, code, why] of logs) {
    const cause = pipCause(log);
    assert.equal(cause.code, code, log);
    assert.match(cause.why, why);
  }
});

test("a failure has the cause's code, or the one of what failed", () => {
  const details = { exit: 1 };
  const failure = pipFailure(
    { ok: false, where: "h", log: "no such option: --x", details },
    "fetch a",
    "fetch-failed",
  );
  assert.deepEqual([failure.code, failure.details], ["old-pip", details]);
  assert.match(failure.message, /^pip on h cannot fetch a: this pip is too old/);
  assert.equal(
    pipFailure({ ok: false, where: "h", log: "?", details }, "fetch a", "fetch-failed").code,
    "fetch-failed",
  );
});

test("the present moment of a build", () => {
  const before = process.env.SOURCE_DATE_EPOCH;
  delete process.env.SOURCE_DATE_EPOCH;
  assert.equal(epochOf("1970-01-01T00:01:00.5Z"), 60);
  assert.equal(epochOf(undefined), undefined);
  assert.equal(epochOf("yesterday"), undefined);
  process.env.SOURCE_DATE_EPOCH = "5";
  assert.equal(epochOf("1970-01-01T00:01:00Z"), 5);
  if (before === undefined) delete process.env.SOURCE_DATE_EPOCH;
  else process.env.SOURCE_DATE_EPOCH = before;
});
