import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { amend } from "../../../lib/stream/members.js";

const names = fc.oneof(
  fc.constantFrom(
    "host",
    "trace",
    "__proto__",
    "constructor",
    "toString",
    "",
    'quo"te',
    "back\\slash",
    "a,b",
    "}{",
  ),
  fc.string({ unit: "binary" }),
);

/** Texts of JSON values, also such as JavaScript cannot hold. */
const values = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.bigInt().map(String),
  fc.constantFrom(
    "1.0",
    "1e400",
    "-0",
    "12345678901234567890",
    '"\\ud800"',
    '"\\u0041"',
    "[ ]",
    '{"a":1,"a":2}',
  ),
);

const member = fc.tuple(names, values).map(([name, value]) => ({
  name,
  text: `${JSON.stringify(name)}:${value}`,
}));
const members = fc.array(member);
const textOf = (list: readonly { text: string }[]) => `{${list.map(({ text }) => text).join(",")}}`;

test("with nothing to change, every member stays byte for byte", () => {
  fc.assert(fc.property(members, (list) => assert.equal(amend(textOf(list), {}), textOf(list))));
});

test("the others stay byte for byte, and the changed one stands where it stood, once", () => {
  fc.assert(
    fc.property(members, names, fc.jsonValue(), (list, name, value) => {
      const before = list.findIndex((one) => one.name === name);
      const others = list.filter((one) => one.name !== name);
      const expected = [...others];
      const changed = { name, text: `${JSON.stringify(name)}:${JSON.stringify(value)}` };
      if (before < 0) expected.push(changed);
      else expected.splice(list.slice(0, before).filter((one) => one.name !== name).length, 0, changed);
      assert.equal(
        amend(textOf(list), Object.fromEntries([[name, value]]) as Record<string, null>),
        textOf(expected),
      );
    }),
  );
});

test("undefined takes a member away, however often it is there", () => {
  fc.assert(
    fc.property(members, names, (list, name) => {
      const left = list.filter((one) => one.name !== name);
      assert.equal(amend(textOf(list), Object.fromEntries([[name, undefined]])), textOf(left));
    }),
  );
});

test("space between members goes, and space inside values stays", () => {
  assert.equal(
    amend(' { "a" : [ 1 , 2 ] ,\t"b":{ "c" : "}," } } \r', {}),
    '{"a" : [ 1 , 2 ],"b":{ "c" : "}," }}',
  );
  assert.equal(amend("{}", { a: 1 }), '{"a":1}');
});

test("a name that is written otherwise is the same name", () => {
  assert.equal(amend('{"h\\u006fst":"a","x":1}', { host: "b" }), '{"host":"b","x":1}');
});
