#!/usr/bin/env node
// es-import: writes an essay.toml from the fabfile of a project that was deployed by the Python tool.

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UsageError } from "../lib/base/failure.js";
import { print } from "../lib/base/print.js";
import type { TomlValue } from "../lib/base/toml.js";
import { clearUnfinished } from "../lib/base/unfinished.js";
import { run } from "../lib/cli.js";
import { readFabfile } from "../lib/fabfile/read.js";
import { projectOf, translate } from "../lib/fabfile/settings.js";
import { essayToml } from "../lib/fabfile/write.js";
import { expandRanges, looksLikeHost, parseAddress } from "../lib/hosts/address.js";
import { placeNew } from "../lib/templates/layout.js";

const command = {
  name: "es-import",
  summary: "write essay.toml from a fabfile, of which nothing is run",
  usage: ["[-o FILE] FABFILE"],
  operands: [1, 1],
  options: { out: { short: "o", value: "FILE", help: "write to FILE, which must not be there yet" } },
} as const;

const there = (file: string) => new UsageError(`${file} is there already, and left as it is`);

/** Why programs of essay would refuse the hosts of a role. */
function refuseRole(name: string, value: TomlValue): string | undefined {
  if (looksLikeHost(name)) return `es-hosts would take the name ${name} for a host`;
  const hosts = Array.isArray(value) ? value : Object(value).hosts;
  try {
    for (const host of hosts) for (const one of expandRanges(host)) parseAddress(one);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return undefined;
}

run(command, async ({ args: [fabfile = ""], flags, context }) => {
  const { say, warn, dryRun, allowEmpty, interrupt } = context;
  const { check } = await import("../lib/config/schema.js");
  const refuse = (keys: readonly string[], value: TomlValue) => {
    const document = keys.reduceRight<TomlValue>((inner, key) => ({ [key]: inner }), value);
    const checked = check(document);
    if ("path" in checked) return `${checked.path.join(".")} ${checked.message}`;
    // A key such as __proto__ is lost on the way.
    if (!isDeepStrictEqual(checked, document)) return `${keys.join(".")} can be no key`;
    return keys[0] === "roles" ? refuseRole(keys[1] ?? "", value) : undefined;
  };

  const { out } = flags;
  if (out !== undefined && existsSync(out)) {
    if (!dryRun) clearUnfinished(resolve(out));
    throw there(out);
  }
  const read = await readFabfile(fabfile, interrupt.signal);
  const root = projectOf(fabfile);
  const translation = translate(read, { root, base: out ? dirname(resolve(out)) : root, refuse });
  const { entries, omissions } = translation;
  if (entries.length === 0 && omissions.length === 0 && !allowEmpty) {
    warn(`${fabfile} sets nothing of env, so there is nothing to write`);
    return 1;
  }
  const text = essayToml(fabfile, translation, read.code);
  if (out === undefined) await print(text);
  else if (dryRun) say(`would write ${out}`);
  else if (!placeNew(resolve(out), text)) throw there(out);
  const left = `${omissions.length} not taken over${omissions.length > 0 ? ": see the comments" : ""}`;
  say(`${entries.length} values from ${fabfile}; ${left}`);
  return 0;
});
