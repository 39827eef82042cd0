import assert from "node:assert/strict";
import { test } from "node:test";
import { dayNamed, dayOf, nextVersion, now, schemeNamed } from "../../../lib/version/scheme.js";

const day = { year: 2026, month: 11, day: 21 };

test("a version is year, month, day and count", async () => {
  assert.equal(await nextVersion("y.m.d.n", day, []), "6.11.21.1");
  assert.equal(await nextVersion("yy.m.d.n", day, []), "26.11.21.1");
  assert.equal(await nextVersion("yyyy.m.d.n", day, []), "2026.11.21.1");
  assert.equal(await nextVersion("yy.m.d.n", { year: 2005, month: 1, day: 2 }, []), "5.1.2.1");
});

test("the count follows the highest of the day", async () => {
  assert.equal(await nextVersion("y.m.d.n", day, ["6.11.21.9", "6.11.21.10", "6.11.20.77"]), "6.11.21.11");
  assert.equal(await nextVersion("y.m.d.n", day, ["6.11.20.5", "not a version"]), "6.11.21.1");
  assert.equal(await nextVersion("y.m.d.n", day, ["6.11.21.1+fixbug"]), "6.11.21.2");
  assert.equal(await nextVersion("y.m.d.n", day, ["6.11.21.3.dev1"]), "6.11.21.4");
  assert.equal(await nextVersion("y.m.d.n", day, ["6.11.21"]), "6.11.21.1");
  assert.equal(await nextVersion("y.m.d.n", day, ["6.11.21.2.7"]), "6.11.21.3");
});

test("two-digit years sort above the seed's versions", async () => {
  assert.equal(await nextVersion("yy.m.d.n", day, ["9.12.31.40"]), "26.11.21.1");
});

test("after 2029 a one-digit year begins anew, and the way on is said", async () => {
  await assert.rejects(nextVersion("y.m.d.n", { ...day, year: 2030 }, ["9.12.31.1"]), {
    code: "would-sort-below",
    message: /0\.11\.21\.1.*below the published 9\.12\.31\.1.*one digit.*"yy\.m\.d\.n".*30\.11\.21\.1/,
  });
});

test("a version made by hand stands in the way, and the ways on work", async () => {
  await assert.rejects(nextVersion("yy.m.d.n", day, ["99.0", "26.11.20.1"]), {
    code: "would-sort-below",
    message: /published 99\.0, which was not made by this scheme.*"yyyy\.m\.d\.n".*use '1!26\.11\.21\.1'/,
  });
  await assert.rejects(nextVersion("yyyy.m.d.n", day, ["20130101"]), (error: Error) => {
    assert.doesNotMatch(error.message, /version\.scheme/);
    assert.match(error.message, /use '1!2026\.11\.21\.1'.*take 20130101 off the index/);
    return true;
  });
  assert.equal(await nextVersion("yyyy.m.d.n", day, ["99.0"]), "2026.11.21.1");
  assert.equal(await nextVersion("yy.m.d.n", day, ["99.0", "1!26.11.21.1"]), "1!26.11.21.2");
  assert.equal(await nextVersion("yy.m.d.n", { ...day, day: 22 }, ["99.0", "1!26.11.21.4"]), "1!26.11.22.1");
});

test("a version of tomorrow points at the clock", async () => {
  await assert.rejects(nextVersion("y.m.d.n", day, ["6.11.22.1"]), { message: /later day.*time zone/ });
});

test("names of schemes and days are checked", () => {
  assert.equal(schemeNamed("yy.m.d.n"), "yy.m.d.n");
  assert.throws(() => schemeNamed("yy.m.d"), /unknown version scheme yy\.m\.d; did you mean yy\.m\.d\.n\?/);
  assert.throws(() => schemeNamed("toString"), /unknown version scheme/);
  assert.deepEqual(dayNamed("2026-11-21"), day);
  for (const text of ["2026-02-30", "2026-13-01", "21.11.2026", "2026-1-1", "2026-11-21T00:00", "0000-01-01"])
    assert.throws(() => dayNamed(text), /--date takes a day/, text);
});

test("now is the clock's or SOURCE_DATE_EPOCH's", () => {
  assert.equal(now("1384936200").toISOString(), "2013-11-20T08:30:00.000Z");
  assert.ok(Math.abs(now(undefined).getTime() - Date.now()) < 60_000);
  for (const text of ["soon", "-1", "1.5", "99999999999999999"])
    assert.throws(() => now(text), /SOURCE_DATE/);
});

test("the day of a moment is the one of this time zone", () => {
  const moment = new Date(2026, 10, 21, 23, 59, 59);
  assert.deepEqual(dayOf(moment), day);
  assert.deepEqual(dayOf(new Date(moment.getTime() + 1000)), { ...day, day: 22 });
});
