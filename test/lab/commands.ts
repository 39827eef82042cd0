// What runs on a host of the lab, by the account that is its own: what came by ssh, and what has come to stay.

import { commandLine, processesOf, sessionOf } from "./processes.js";
import type { LabHost } from "./sshd.js";
import { supervisedBelow } from "./supervised.js";

export const isSshd = (pid: number) => /^sshd: /.test(commandLine(pid));

/** What runs for the host's account, besides sshd and what is under supervisord. */
export function strangersOn({ uid, prefix }: LabHost): number[] {
  const own = processesOf(uid);
  const supervised = new Set(supervisedBelow(prefix, own));
  return own.filter((pid) => !supervised.has(pid) && !isSshd(pid));
}

const isNginx = (pid: number) => /^nginx: /.test(commandLine(pid));

/** The scripts that run there: what sshd has started, each in a session of its own. */
export const scriptsOn = (host: LabHost): number[] =>
  strangersOn(host).filter((pid) => sessionOf(pid) === pid && !isNginx(pid));
