// A small part of `npm run test:fuzz`: the whole corpus of each subject, and a few cases.

import assert from "node:assert/strict";
import { test } from "node:test";
import { subjects } from "./subjects.js";
import { trySubject } from "./try-subject.js";

for (const subject of subjects)
  test(`inputs that nobody would write: ${subject.name}`, async () => {
    const tried = await trySubject(subject, { cases: Math.ceil(subject.cases / 400), seed: 1 });
    assert.equal(
      tried.wrong,
      undefined,
      `${tried.wrong?.why}\n${JSON.stringify(String(tried.wrong?.input))}`,
    );
    assert.ok(tried.taken > 0, "the corpus has nothing that is taken");
  });
