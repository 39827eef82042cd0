import assert from "node:assert/strict";
import { test } from "node:test";
import { type Configuration, check } from "../../../lib/config/schema.js";
import { warnUnheeded } from "../../../lib/config/unheeded.js";

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
