// Who we are on this machine.

import { hostname, userInfo } from "node:os";

/** The name of this process's account; its number where it has no name. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "somebody");
  }
}

/** Who we are, and where: "ann@control". */
export function accountAndHost(): string {
  return `${accountName()}@${hostname()}`;
}
