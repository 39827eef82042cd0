// Who we are on this machine.

import { userInfo } from "node:os";

/** The name of this process's account; its number where it has no name. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "somebody");
  }
}
