// A release to upload, and an index that may be asked what has come.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { indexServer } from "../../lib/index/server/server.js";
import { Store } from "../../lib/index/store/store.js";
import { scratch } from "./program.js";
import { tiny } from "./tiny.js";
import { listen } from "./web.js";

/** An index, a release of two files, and a home of its own to run es-upload in. */
export async function release(t: TestContext) {
  const cwd = scratch(t);
  const store = join(cwd, "store");
  mkdirSync(store);
  const files = tiny(join(cwd, "dist"));
  const record = { project: "tiny", version: "1.0", files, note: { constructor: 1, big: 1 } };
  const asked: string[] = [];
  const { server } = indexServer(new Store(store), { uploads: true, log: (line) => asked.push(line) });
  const origin = await listen(t, server);
  const env = { HOME: cwd, NETRC: "", TWINE_USERNAME: "", TWINE_PASSWORD: "" };
  return {
    cwd,
    store,
    files,
    record,
    asked,
    origin,
    input: `${JSON.stringify(record)}\n`,
    options: { cwd, env },
  };
}
