// Archives of others: a tar, which is packed into an sdist, or a zip as a wheel. And the text of their metadata.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseMetadata, readMetadataFile } from "../../../lib/package/core-metadata.js";
import { describeFile } from "../../../lib/package/described.js";
import { normalVersion } from "../../../lib/version/pep440.js";
import { type Subject, unlessRefused } from "../subject.js";

export const archives: Subject = {
  name: "archives",
  cases: 4000,
  words: [
    ...[
      "demo-1.0/PKG-INFO",
      "../PKG-INFO",
      "/PKG-INFO",
      "demo-1.0.dist-info/METADATA",
      "ustar\x0000",
      "ustar  \0",
    ],
    ...[
      "Name: demo\n",
      "Version: 1.0\n",
      "Requires-Python: >=3\n",
      "Requires-Dist: x; extra\n",
      "\n\n",
      "       |",
    ],
    ...[
      "PK\x01\x02",
      "PK\x03\x04",
      "PK\x05\x06",
      "PK\x06\x07",
      "20 path=demo/PKG-INFO\n",
      "18 size=99999999999\n",
    ],
    ...[
      Buffer.of(0x80, 0, 0, 0, 0xff),
      Buffer.alloc(512),
      Buffer.alloc(4, 0xff),
      "00000000012\0",
      "77777777777\0",
    ],
    ...["x", "g", "L", "K", "5", "2", " ".repeat(100), "\r\n", "\0"],
  ],
  open: async (folder) => ({
    async read(input) {
      const isZip = input.subarray(0, 2).toString() === "PK";
      const kind = isZip ? "wheel" : "sdist";
      const filename = isZip ? "demo-1.0-py3-none-any.whl" : "demo-1.0.tar.gz";
      await writeFile(join(folder, filename), isZip ? input : gzipSync(input, { level: 1 }));
      const bytes = await unlessRefused(() => readMetadataFile(join(folder, filename), kind));
      const fields = parseMetadata((bytes ?? input).toString("utf8"));
      for (const [name] of fields) assert.match(name, /^[A-Za-z][A-Za-z0-9-]*$/);
      const described = await unlessRefused(() => describeFile(folder, filename, normalVersion));
      if (described) assert.match(described.name, /^[A-Za-z0-9][A-Za-z0-9._-]*$/);
      return bytes !== undefined;
    },
  }),
};
