// The file of nginx's configuration that names an upstream, as lib/remote/nginx-names.sh reads and edits it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inPackage } from "../../../lib/base/package-root.js";
import type { Subject } from "../subject.js";

/** Counts and edits FILE into FILE.1, and that, the other way round, into FILE.2; prints the counts of each. */
const script = `
set -eu
LC_ALL=C
export LC_ALL
. "$1"
essay_tab=$(printf '\\t')
essay_newline='
'
fail() { echo "$1"; exit 3; }
wanted=$2
round() { file=$1 from=$2 to=$3; refuse_binary; switched count 0 <"$file"; new_text >"$4"; }
round "$2" upstreamA upstreamB "$2.1"
round "$2.1" upstreamB upstreamA "$2.2"
`;

export const nginx: Subject = {
  name: "nginx",
  cases: 1000,
  words: [
    ...[
      "upstreamA",
      "upstreamB",
      "upstreamAB",
      "upstream",
      "#",
      "\n",
      ";",
      "{",
      "}",
      '"',
      "'",
      "\\",
      "$",
      "${",
      " ",
      "\t",
    ],
    ...[
      "proxy_pass http://upstreamA;",
      "proxy_pass http://upstreamB/x;",
      "# upstreamA\n",
      "\r\n",
      "\u001b[2J",
      "&",
      "%s",
    ],
    ...["-", "_", ".", "upstreamA-x", "xupstreamA", '"#"', "'#'", "\\\\", "\\n", Buffer.of(0xff, 0xc3), "\0"],
  ],
  open: async (folder) => ({
    async read(all) {
      const file = join(folder, "switch.conf");
      const input = all.subarray(0, 4096);
      writeFileSync(file, input);
      const ran = spawnSync("sh", ["-c", script, "sh", inPackage("lib/remote/nginx-names.sh"), file], {
        encoding: "latin1",
        timeout: 20_000,
      });
      assert.equal(ran.stderr, "");
      if (ran.status === 3) return false;
      assert.equal(ran.status, 0, ran.stdout);
      const [[froms = 0, tos = 0] = [], [after = 0, left = 0] = []] = ran.stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ").map(Number));
      const [edited, back] = [`${file}.1`, `${file}.2`].map((name) => readFileSync(name, "latin1"));
      const before = input.toString("latin1");
      const neither = (text = "") => text.replaceAll("upstreamA", "it").replaceAll("upstreamB", "it");
      assert.equal(neither(edited), neither(before), "more than the names has changed");
      assert.deepEqual([after, left], [froms + tos, 0], "not all names were switched");
      if (froms === 0) assert.equal(edited, before);
      if (tos === 0) assert.equal(back, before);
      return froms + tos > 0;
    },
  }),
};
