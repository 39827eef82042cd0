// known_hosts: the input is the file.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KnownHostsFiles } from "../../../lib/transport/known-hosts.js";
import { SshBlocks } from "../../../lib/transport/ssh-blocks.js";
import type { Subject } from "../subject.js";

const key = Buffer.concat([
  Buffer.of(0, 0, 0, 11),
  Buffer.from("ssh-ed25519"),
  Buffer.of(0, 0, 0, 32),
  Buffer.alloc(32, 7),
]);
const other = Buffer.concat([key.subarray(0, -1), Buffer.of(8)]);
const host = "web1.example.com";

export const knownHosts: Subject = {
  name: "known-hosts",
  cases: 4000,
  words: [
    ...[
      host,
      "[web1.example.com]:2222",
      "*",
      "?",
      "!",
      ",",
      " ",
      "\n",
      "\t",
      "\r\n",
      "#",
      "@revoked ",
      "@cert-authority ",
    ],
    ...[
      "|1|",
      "|",
      "ssh-ed25519",
      "ssh-rsa",
      key.toString("base64"),
      other.toString("base64"),
      "*a*a*a*a*a*a*",
      "\0",
    ],
    ...["Host ", "Match all", "HostName ", "%h", "=", Buffer.of(0xff), "AAAA", "AAAAB3NzaC1yc2E"],
  ],
  open: async (folder) => ({
    async read(input) {
      const file = join(folder, "known_hosts");
      await writeFile(file, input);
      const files = await new KnownHostsFiles().load([file], []);
      const before = files.verdict([host, "a".repeat(60)], key);
      for (const withHashed of [true, false]) files.types(host, withHashed);
      const blocks = await SshBlocks.read([file]);
      blocks.classOf(host);
      blocks.classOf("a".repeat(60));
      await files.learn(host, key, false);
      // What is learnt counts at once, and for who reads the file next; nothing of the file is lost.
      for (const known of [files, await new KnownHostsFiles().load([file], [])]) {
        const { is } = known.verdict([host], key);
        assert.ok(is === "known" || (is === "revoked" && before.is === "revoked"), is);
      }
      const after = await readFile(file);
      assert.deepEqual(after.subarray(0, input.length), input);
      return before.is !== "unknown";
    },
  }),
};
