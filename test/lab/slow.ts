// A host at work for longer than a test waits, and a look whether the work has ended.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLine, processesOf, until } from "./processes.js";
import type { SshLab } from "./sshd.js";

/** An interpreter that takes a minute to start; it writes a line to FILE.started when it is begun. */
export function slowPython(directory: string): string {
  const file = join(directory, "slow-python");
  writeFileSync(`${file}.started`, "");
  chmodSync(`${file}.started`, 0o666); // each host writes as a user of its own
  writeFileSync(file, `#!/bin/sh\necho x >>${file}.started\nsleep 60\nexec /usr/bin/python3 "$@"\n`, {
    mode: 0o755,
  });
  return file;
}

/** Resolves when nothing but sshd's own processes runs for the users of the hosts; throws after 10 s. */
export async function quiet(ssh: SshLab, allowed: RegExp = /^sshd: /): Promise<void> {
  const running = () =>
    ssh.hosts.flatMap(({ uid }) =>
      processesOf(uid)
        .map(commandLine)
        .filter((line) => !allowed.test(line)),
    );
  await until(`the end of all remote commands`, () => running().length === 0, 10_000);
}
