import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../lib/base/failure.js";
import type { Credentials } from "../../../lib/index/credentials.js";
import { Login, Typed } from "../../../lib/index/login.js";

/** A person who answers these, one after the other; `heard` are the questions. */
function person(...answers: (string | undefined)[]) {
  const heard: string[] = [];
  const typed = new Typed(async (question, { hidden }) => {
    heard.push(`${question}${hidden ? "(hidden)" : ""}`);
    return answers.shift();
  });
  return { typed, heard };
}

/** An index that lets only these in; `tried` are those who came. */
function door(right?: Credentials) {
  const tried: (string | undefined)[] = [];
  const enter = async (who: Credentials | undefined) => {
    tried.push(who && `${who.user}:${who.password}`);
    if (right && who?.user === right.user && who.password === right.password) return "in";
    throw new Failure("auth-failed", "not you");
  };
  return { tried, enter };
}

const joe = { user: "joe", password: "p@:/%" };

test("those who are known are not asked", async () => {
  const { typed, heard } = person();
  const { enter } = door(joe);
  assert.equal(await new Login("http://a.example/simple/", joe, undefined, typed).as(enter), "in");
  assert.deepEqual(heard, []);
});

test("a person is asked once for all files of a server", async () => {
  const { typed, heard } = person("joe", "p@:/%");
  const { enter, tried } = door(joe);
  const login = new Login("http://a.example/up/", undefined, undefined, typed);
  assert.equal(await login.as(enter), "in");
  assert.equal(await login.as(enter), "in");
  const other = new Login("http://a.example/simple/", undefined, undefined, typed);
  assert.deepEqual(await Promise.all([other.as(enter), other.as(enter)]), ["in", "in"]);
  assert.deepEqual(heard, [
    "User name for http://a.example: ",
    "Password of joe for http://a.example: (hidden)",
  ]);
  assert.deepEqual(tried.slice(0, 3), [undefined, "joe:p@:/%", "joe:p@:/%"]);
});

test("a known name is not asked for; a wrong password is asked for once", async () => {
  const named = person("p@:/%");
  const known = new Login("http://a.example/", undefined, "joe", named.typed);
  assert.equal(await known.as(door(joe).enter), "in");
  assert.deepEqual(named.heard, ["Password of joe for http://a.example: (hidden)"]);
  const wrong = person("no", "p@:/%");
  const login = new Login("http://a.example/", { user: "joe", password: "old" }, undefined, wrong.typed);
  const { enter, tried } = door(joe);
  await assert.rejects(login.as(enter), { code: "auth-failed" });
  await assert.rejects(login.as(enter), { code: "auth-failed" });
  assert.deepEqual(tried, ["joe:old", "joe:no", "joe:no"]);
  assert.equal(wrong.heard.length, 1);
});

test("without anybody to ask, and for other troubles, the failure stays", async () => {
  const { typed, heard } = person(undefined);
  const login = new Login("http://a.example/", undefined, undefined, typed);
  await assert.rejects(login.as(door().enter), { code: "auth-failed" });
  await assert.rejects(
    login.as(async () => {
      throw new Failure("http-500", "");
    }),
    { code: "http-500" },
  );
  assert.equal(heard.length, 1);
});
