// Pages of package indexes: JSON where the input begins with a brace, otherwise HTML.

import assert from "node:assert/strict";
import { parseFilename, projectsOf } from "../../../lib/base/distribution.js";
import { projectPage } from "../../../lib/index/server/pages.js";
import { type ListedFile, parsePage } from "../../../lib/index/simple.js";
import { namesOfObjects, type Subject, unlessRefused } from "../subject.js";

const page = "https://index.example/simple/demo/";
const json = "application/vnd.pypi.simple.v1+json";

/** The files that our own index could list, on a page of it. */
async function served(files: readonly ListedFile[], kind: "json" | "html"): Promise<ListedFile[]> {
  const stored = files.map(({ filename, hashes, yanked, requiresPython }) => ({
    filename,
    version: "1",
    size: 1,
    modified: new Date(0),
    sha256: hashes.sha256 ?? "",
    requiresPython,
    yanked: yanked ? "why" : undefined,
  }));
  const { text, type } = projectPage("demo", stored, kind);
  return parsePage(text, type, page);
}

const told = ({ filename, yanked, requiresPython }: ListedFile) => ({ filename, yanked, requiresPython });

export const simplePages: Subject = {
  name: "simple-pages",
  cases: 20_000,
  words: [
    ...[
      '<a href="',
      '">',
      "</a>",
      '<base href="',
      "<meta ",
      "<!--",
      "-->",
      "<script>",
      "<![CDATA[",
      "&#0;",
      "&amp;",
    ],
    ...[
      "../../",
      "#sha256=",
      "data-yanked",
      'data-requires-python="&gt;=3"',
      "<title>Links for",
      "<h1>",
      "\0",
    ],
    ...["demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl", "javascript:", "http://u:p@h/", "file:///etc/passwd"],
    ...[
      '{"files":[',
      '{"filename":"',
      '","url":"',
      '"hashes":{"sha256":"',
      '"},',
      '"yanked":',
      "]}",
      "1-",
      "-1",
    ],
    ...namesOfObjects.map((name) => `"${name}":`),
    ...["%2e%2e%2f", "%00", "%ff", "..", "\\", "\u202e", Buffer.of(0xff)],
  ],
  open: async () => ({
    async read(input) {
      const text = input.toString("utf8");
      const type = text.trimStart().startsWith("{") ? json : "text/html";
      const files = await unlessRefused(() => parsePage(text, type, page));
      if (!files) return false;
      for (const { filename, url, hashes } of files) {
        assert.ok(new URL(url).hash === "");
        assert.equal(Object.getPrototypeOf(hashes), Object.prototype);
        for (const digest of Object.values(hashes)) assert.equal(digest, digest.toLowerCase());
        if (parseFilename(filename)) assert.match(filename, /^[A-Za-z0-9][A-Za-z0-9._+!-]*$/);
        for (const project of projectsOf(filename))
          assert.match(project, /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/);
      }
      const ours = files.filter(({ filename }) => parseFilename(filename));
      for (const kind of ["json", "html"] as const)
        assert.deepEqual((await served(ours, kind)).map(told), ours.map(told));
      return true;
    },
  }),
};
