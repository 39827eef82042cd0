import assert from "node:assert/strict";
import { test } from "node:test";
import { wrongField } from "../../../lib/base/schema.js";

test("fields of the right type are not wrong, nor are absent and unknown ones", () => {
  const record = {
    host: "web1",
    port: 22,
    batch: { id: "k3v9", size: 4, more: true },
    vars: { a: 1, b: "two", c: false },
    nginx: { conf: "/etc/nginx/nginx.conf", from: "a", to: "b", live: null },
    unknown: { what: "ever" },
  };
  assert.equal(wrongField(record, ["host", "port", "batch", "vars", "nginx", "venv"]), undefined);
});

test("the wrong field is named, with its place", () => {
  assert.match(wrongField({ host: 1 }, ["host"]) ?? "", /^field host: /);
  assert.match(wrongField({ host: "" }, ["host"]) ?? "", /^field host: /);
  assert.match(wrongField({ port: 70000 }, ["port"]) ?? "", /^field port: .*65535/);
  assert.match(wrongField({ venv: { name: "a" } }, ["venv"]) ?? "", /^field venv.path: /);
  assert.match(wrongField({ trace: [{ step: "x", args: [1] }] }, ["trace"]) ?? "", /^field trace.0.args.0: /);
  assert.match(wrongField({ host: null }, ["host"]) ?? "", /^field host: /);
});

test("only the named fields are looked at, and only the record's own", () => {
  assert.equal(wrongField({ host: 1 }, ["port"]), undefined);
  assert.equal(wrongField(Object.create({ host: 1 }), ["host"]), undefined);
});
