// Host names of one's own: a file that stands in the place of /etc/hosts for a program and all that it starts.

import type { LabHost } from "./sshd.js";

/** What goes before such a program. The file may be written later, but not replaced. */
export function knowing(hosts: string): string[] {
  return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts];
}

/** The text of such a file in which hosts have these names. */
export function hostsFile(names: readonly string[] = [], hosts: readonly LabHost[] = []): string {
  return `127.0.0.1 localhost\n${hosts.map(({ address }, i) => `${address} ${names[i]}\n`).join("")}`;
}

/** What ssh is to know of a host by its name, with `more` lines; it goes before what all hosts have. */
export function sshHost(name: string, { user, address }: LabHost, more = ""): string {
  return `Host ${name}\nHostName ${address}\nUser ${user}\n${more}`;
}
