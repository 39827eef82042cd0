// A virtualenv of this machine with a program in it, for tests of what runs under supervisord.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { freePrefix } from "./ports.js";
import { identity, kill, pids } from "./processes.js";
import { bins, expectStatus, type Ran, recordsOf, scratch } from "./program.js";
import { newVenv } from "./venv.js";

/** What `--profile` makes the program do, beside serving its profile on its port. */
const demo = `#!/bin/sh
'''exec' "@PYTHON@" "$0" "$@"
' '''
import os, socket, sys, time

given = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
profile = given["profile"]
print("starting with", profile, flush=True)
if profile == "crash":
    sys.exit("no configuration for crash")
if profile == "daemonise" and os.fork():
    sys.exit(0)
if profile == "silent":
    time.sleep(1000)
if profile == "stubborn":
    os.system("trap '' TERM; sleep 1000 & echo $! >" + os.path.dirname(sys.argv[0]) + "/../tmp/grandchild")

# Python's own server takes three times as long to start.
server = socket.create_server((given["bind"], int(given["port"])))
statuses = {"/moved": "302 Found\\r\\nLocation: /elsewhere", "/bad": "500 Bad"}
while True:
    connection, _ = server.accept()
    try:
        asked = connection.recv(65536).decode()
        path = "".join(asked.split(" ")[1:2])
        host = asked.partition("Host: ")[2].partition("\\r\\n")[0]
        head = "HTTP/1.0 " + statuses.get(path, "200 OK") + "\\r\\n\\r\\n"
        connection.sendall((head + "%s %s demo 1.2\\n" % (profile, host)).encode())
    except OSError:
        pass
    connection.close()
`;

/** Those of some processes (all) that say by their environment that they belong to a virtualenv below this directory. */
export function supervisedBelow(directory: string, among: readonly number[] = pids()): number[] {
  return among.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`).includes(`ESSAY_SUPERVISED=${directory}/`);
    } catch {
      return false;
    }
  });
}

export interface Supervised {
  /** The virtualenv. */
  path: string;
  /** Of the ports. */
  prefix: string;
  /** The record of it, as a line. */
  record: string;
  /** Runs es-supervisor on the record, with the flags of rendering, and expects a status. */
  es(status: number, ...args: string[]): Promise<Ran>;
  /** Processes that run in it now. */
  alive(): number[];
}

/** The built-in template, by which a process must have run for so many seconds to count as started. */
export function templateFor(seconds: number): string {
  const usual = readFileSync(join(bins, "../../lib/templates/default/conf/supervisord.conf"), "utf8");
  return usual.replace(/^startsecs=.*$/m, `startsecs=${seconds}`);
}

/** Puts the program into a virtualenv. */
export function putDemo(venv: string): void {
  const file = join(venv, "bin/demo");
  mkdirSync(join(venv, "tmp"), { recursive: true });
  writeFileSync(file, demo.replace("@PYTHON@", join(venv, "bin/python")));
  chmodSync(file, 0o755);
}

/** A virtualenv `a` with the program `demo`; all that runs in it ends with the test. */
export async function supervised(t: TestContext, directory = scratch(t)): Promise<Supervised> {
  const record = `${JSON.stringify(await newVenv(directory))}\n`;
  const path = join(directory, "a");
  t.after(() => kill(supervisedBelow(directory)));
  putDemo(path);
  const prefix = await freePrefix();
  const rendering = ["--project", "demo", "--port-prefix", prefix];
  const quick = join(directory, "quick.conf");
  writeFileSync(quick, templateFor(1));
  return {
    path,
    prefix,
    record,
    es: async (status, verb = "", ...args) => {
      const renders = verb === "up" || verb === "reload";
      const template = args.includes("--template") ? [] : ["--template", quick];
      const flags = renders ? [...rendering, ...template] : [];
      return expectStatus(status, "es-supervisor", [verb, ...flags, ...args], {
        input: record,
        cwd: directory,
      });
    },
    alive: () => supervisedBelow(directory).filter((pid) => identity(pid) !== undefined),
  };
}

/** The only record of a run. */
export function recordOf(ran: Ran) {
  return recordsOf(ran.stdout)[0];
}
