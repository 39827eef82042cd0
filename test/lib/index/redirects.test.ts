import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../../lib/index/http.js";
import { follow } from "../../../lib/index/redirects.js";

const start = "http://a/0";

/** Answers by number of request: a redirect to what the list has there, and 200 behind its end. */
function asking(...locations: string[]) {
  const asked: string[] = [];
  const left: boolean[] = [];
  const ask = async (url: string) => {
    const location = locations[asked.length];
    const number = asked.push(url) - 1;
    left.push(false);
    const body = { destroy: () => (left[number] = true) };
    const found =
      location === undefined ? { status: 200, headers: {} } : { status: 302, headers: { location } };
    return { ...found, url, reason: "", body } as unknown as Answer;
  };
  return { ask, asked, left };
}

test("redirects are followed, also relative ones, and their bodies are left", async () => {
  const { ask, asked, left } = asking("/1", "http://b/2");
  assert.equal((await follow(start, ask)).status, 200);
  assert.deepEqual(asked, [start, "http://a/1", "http://b/2"]);
  assert.deepEqual(left, [true, true, false]);
});

test("a circle, what is no URL, and what is refused", async () => {
  const circle = asking(...Array<string>(100).fill("/0"));
  await assert.rejects(follow(start, circle.ask), {
    code: "bad-answer",
    message: `${start} redirects in a circle`,
  });
  assert.equal(circle.asked.length, 6);
  assert.ok(circle.left.every(Boolean));
  await assert.rejects(follow(start, asking("http://").ask), { code: "bad-answer", message: /no URL/ });
  const away = asking("http://b/1");
  const refuse = (from: URL, to: URL) => {
    throw new Error(`${from.host} to ${to.host}`);
  };
  await assert.rejects(follow(start, away.ask, refuse), /a to b/);
  assert.equal(away.asked.length, 1);
});
