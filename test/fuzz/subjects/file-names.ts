// Names of files in the tree of a foreign project: the lines of the input, as the paths and links of an sdist.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import type { Checkout, TreeFile } from "../../../lib/package/checkout.js";
import { writeSdist } from "../../../lib/package/sdist.js";
import { checkPrintable, checkRefusal, type Subject } from "../subject.js";

const version = "1.0";

/** A file of the tree; what follows `->` in its line is the target of a link. */
function treeFile(line: string): TreeFile {
  const [path = "", target] = line.split("->");
  const bytes = Buffer.from(target ?? path);
  const kind = target === undefined ? "file" : "symlink";
  return {
    path,
    kind,
    size: bytes.length,
    chunks: async function* () {
      yield bytes;
    },
  };
}

async function namesIn(file: string): Promise<string[]> {
  const archive = extract();
  createReadStream(file).pipe(createGunzip()).pipe(archive);
  const names: string[] = [];
  for await (const entry of archive) {
    const { name, linkname, type } = entry.header;
    names.push(type === "symlink" ? `${name}->${linkname}` : name);
    entry.resume();
  }
  return names;
}

export const fileNames: Subject = {
  name: "file-names",
  cases: 4000,
  words: [
    ...[
      "\n",
      "->",
      "../",
      "..",
      "/",
      ".",
      "a",
      "PKG-INFO",
      "demo/__init__.py",
      "demo/settings.py",
      "pyproject.toml",
    ],
    ...[
      "setup.py",
      " ",
      "\t",
      "\r",
      "\u001b[2J",
      "\u202e",
      "ü",
      "\u{1f600}",
      "x".repeat(100),
      "\\",
      "\u0085",
      "=",
      "é",
    ],
  ],
  open: async (folder) => ({
    async read(input) {
      // Names in git have no NUL, no empty part, and are UTF-8 when they come here.
      const text = input.toString("utf8").replaceAll("\0", "").replaceAll("\ufffd", "");
      const lines = [...new Set(text.split("\n"))].filter(
        (line) => /^[^/]/.test(line) && !/\/\/|\/->|\/$|^->|->$|->.*->/.test(line),
      );
      const files = [...lines.map(treeFile), ...(lines.includes("setup.py") ? [] : [treeFile("setup.py")])];
      const checkout: Checkout = {
        commit: "0".repeat(40),
        time: 0,
        names: files.map(({ path }) => path),
        first: async function* () {},
        contents: async function* () {
          yield* files;
        },
      };
      const { signal } = new AbortController();
      const request = { project: "demo", version, released: undefined, checkout, settings: [], out: folder };
      try {
        const { file } = await writeSdist(request, signal);
        const wanted = files.map(({ path }, at) => {
          const [, target] = (lines[at] ?? "").split("->");
          return `demo-1.0/${path}${target === undefined ? "" : `->${target}`}`;
        });
        const found = (await namesIn(file.path)).filter((name) => name !== "demo-1.0/PKG-INFO");
        assert.deepEqual(
          found,
          wanted.filter((name) => name !== "demo-1.0/PKG-INFO"),
        );
        for (const name of found) assert.ok(!name.includes("->/"), `${name} leads out`);
        return true;
      } catch (error) {
        checkRefusal(error);
        checkPrintable((error as Error).message);
        return false;
      } finally {
        await rm(join(folder, `demo-${version}.tar.gz`), { force: true });
      }
    },
  }),
};
