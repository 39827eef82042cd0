import assert from "node:assert/strict";
import { test } from "node:test";
import { headerOf, wayOf } from "../../../lib/check/way.js";

test("the command line goes before the configuration, and both before the page /", () => {
  assert.deepEqual(wayOf({}, {}), { kind: "http", path: "/" });
  assert.deepEqual(wayOf({}, { tcp: true }), { kind: "tcp" });
  assert.deepEqual(wayOf({ http: "/up" }, { command: ["look"] }), { kind: "http", path: "/up" });
  assert.deepEqual(wayOf({ command: ["look", "-x"] }, { http: "/up" }), {
    kind: "command",
    words: ["look", "-x"],
  });
  assert.deepEqual(wayOf({ tcp: false }, { tcp: false, http: "/up" }), { kind: "http", path: "/up" });
});

test("two ways, and a path that is none, are refused", () => {
  assert.throws(() => wayOf({ http: "/", tcp: true }, {}), /--http and --tcp do not go together/);
  assert.throws(() => wayOf({}, { tcp: true, command: ["look"] }), /check.tcp and check.command/);
  for (const http of ["up", "/a b", "/ä"]) assert.throws(() => wayOf({ http }, {}), /must begin with \//);
});

test("headers are names, with or without a value", () => {
  assert.deepEqual(headerOf("X-Version: 1.2 "), ["X-Version", "1.2"]);
  assert.deepEqual(headerOf("X-Version"), ["X-Version", null]);
  assert.deepEqual(headerOf("X-Empty:"), ["X-Empty", ""]);
  for (const bad of ["", ": x", "a b: c", "a\r\nb: c"]) assert.throws(() => headerOf(bad), /is no header/);
});
