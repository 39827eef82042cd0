#!/usr/bin/env node
// es-index: serves a directory of sdists and wheels as a package index.

import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import type { Server } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { resolve } from "node:path";
import { Failure, UsageError } from "../lib/base/failure.js";
import { run } from "../lib/cli.js";
import { wholeNumber } from "../lib/flags.js";
import { runForeground } from "../lib/foreground.js";
import { isLoopback } from "../lib/index/access.js";
import { indexServer } from "../lib/index/server.js";
import { Store } from "../lib/index/store.js";

const command = {
  name: "es-index",
  summary: "serve a directory of sdists and wheels as a package index",
  usage: ["[--bind ADDRESS] [--port PORT] DIR", "[--bind ADDRESS] [--port PORT] DIR -- COMMAND..."],
  operands: [1, 1],
  command: true,
  timeout: 0,
  options: {
    bind: {
      value: "ADDRESS",
      help: "listen on this address (127.0.0.1); others than loopback take no uploads",
    },
    port: { value: "PORT", help: "listen on this port (0, any that is free)" },
  },
} as const;

/** Makes the last folder of the path if need be; a path of which more is missing is mistyped. */
async function openStore(directory: string): Promise<Store> {
  try {
    await mkdir(directory);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new UsageError(`there is no folder for ${directory}`);
    if (code !== "EEXIST") throw new UsageError(`cannot make ${directory}: ${message}`);
  }
  const store = new Store(directory);
  try {
    await store.clean();
  } catch (error) {
    throw new UsageError(`cannot serve ${directory}: ${(error as Error).message}`);
  }
  return store;
}

/** Resolves to the simple URL when the server takes connections. */
async function listen(server: Server, bind: string, port: number): Promise<string> {
  server.listen(port, bind);
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw new Failure("cannot-listen", `cannot listen on ${bind} port ${port}: ${error.message}`);
  });
  const host = isIPv6(bind) ? `[${bind}]` : bind;
  return `http://${host}:${(server.address() as AddressInfo).port}/simple/`;
}

await run(command, async ({ args, flags, rest, context }) => {
  const directory = resolve(args[0] as string);
  const bind = flags.bind ?? "127.0.0.1";
  const port = wholeNumber("--port", flags.port ?? "0", 0, 65_535);
  if (rest?.length === 0) throw new UsageError("no command follows --");
  const store = await openStore(directory);
  const { server, close } = indexServer(store, {
    uploads: isLoopback(bind),
    log: context.verbose ? (line) => context.show("es-index", line) : undefined,
  });
  const url = await listen(server, bind, port);
  context.say(`es-index: serving ${directory} at ${url}`);
  const { interrupt } = context;
  try {
    if (rest) return await runForeground(rest, { ESSAY_INDEX: url }, interrupt);
    if (!interrupt.received) await once(interrupt.signal, "abort");
    return 0;
  } finally {
    await close();
  }
});
