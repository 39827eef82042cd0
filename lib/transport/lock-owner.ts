// What others are told of a lock of ours: who has it, from where, and for what.

import { hostname } from "node:os";
import { parse } from "node:path";
import { accountAndHost } from "../base/account.js";
import { printable } from "../base/printable.js";
import { showCommand } from "../base/quote.js";
import { withoutValues } from "../base/setenv.js";
import { hideCredentials } from "../base/url.js";

const longestCommand = 200;

/** "ann@control: es deploy -R web 26.1.31.1 a", of this process; without secrets, line breaks and the like. */
export function lockOwner(): string {
  const [, program = "", ...args] = process.argv;
  const text = printable(
    showCommand([parse(program).name, ...withoutValues(args).map(hideCredentials)]).toWellFormed(),
  );
  const short = text.length > longestCommand ? `${text.slice(0, longestCommand)}...` : text;
  return `${accountAndHost()}: ${short}`;
}

/** The name of the session at a socket, as the hosts know it: no two that live at the same time have the same one. */
export function sessionName(path: string): string {
  return `${hostname()}:${path}`;
}
