import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import { type Configuration, check } from "../../../lib/config/schema.js";
import { refuseUnheeded, warnUnheeded } from "../../../lib/config/unheeded.js";

const config = {
  file: "/p/essay.toml",
  directory: "/p",
  values: check({
    build: { pre: "make" },
    index: { url: "https://a/", proxy: "http://b/" },
  }) as Configuration,
  projectName: undefined,
};

test("only keys that are set are told of", () => {
  const warned: string[] = [];
  warnUnheeded(config, ["build.on", "build.pre", "deploy.pre", "index.a.proxy", "index.proxy"], (line) =>
    warned.push(line),
  );
  assert.deepEqual(warned, [
    "build.pre in /p/essay.toml has no effect yet",
    "index.proxy in /p/essay.toml has no effect yet",
  ]);
});

test("what must not be left out is refused", () => {
  refuseUnheeded(config, ["build.on", "deploy.pre"]);
  assert.throws(
    () => refuseUnheeded(config, ["build.on", "build.pre"]),
    (error) =>
      error instanceof UsageError && error.message === "build.pre in /p/essay.toml is not supported yet",
  );
});
