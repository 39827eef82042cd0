// Where a file of configuration goes on a host, and whose it is.

import { UsageError } from "../base/failure.js";

/** Splits SRC:DST at its first colon. Throws UsageError. */
export function splitOperand(text: string): { from: string; to: string } {
  const at = text.indexOf(":");
  const [from, to] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || to === "")
    throw new UsageError(`${JSON.stringify(text)} is not SRC:DST, a file here and where it goes on the host`);
  return { from, to };
}

/**
 * Checks the path of a file on a host: absolute, below the home directory by `~/`, or relative, which is below the
 * virtualenv; without `..`. One place has one path: `./etc//x` is `etc/x`. Throws UsageError.
 */
export function checkDestination(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break or NUL has no place in a path
  const odd = /[\u0000-\u001f\u007f]/.test(path) || path.startsWith("-") || /^~(?!\/)/.test(path);
  const parts = path.split("/");
  const names = parts.filter((part) => part !== "." && part !== "").join("/");
  // Not the home directory, but what nobody has.
  const hidesHome = names.startsWith("~") && !path.startsWith("~");
  if (
    odd ||
    (hidesHome && !path.startsWith("/")) ||
    parts.includes("..") ||
    ["", ".", "~"].includes(parts.at(-1) ?? "")
  )
    throw new UsageError(
      `${JSON.stringify(path)} cannot be the place of a file: it begins with / or ~/, or is below the virtualenv; without ..`,
    );
  return path.startsWith("/") ? `/${names}` : names;
}

/** Checks permissions, three or four octal digits without those for another user's rights. Throws UsageError. */
export function checkMode(text: string): string {
  if (!/^0?[0-7]{3}$/.test(text))
    throw new UsageError(`the mode ${text} must be three or four octal digits, such as 0640`);
  return text.padStart(4, "0");
}

/** Checks USER or USER:GROUP, by names or numbers. Throws UsageError. */
export function checkOwner(text: string): string {
  const name = "[A-Za-z0-9_][A-Za-z0-9_.-]*\\$?";
  if (!new RegExp(`^${name}(:${name})?$`).test(text))
    throw new UsageError(`the owner ${JSON.stringify(text)} must be USER or USER:GROUP`);
  return text;
}
