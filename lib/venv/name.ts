// Names and places of virtualenvs.

import { UsageError } from "../base/failure.js";
import { isPlainName } from "../base/name.js";

/** Checks the name of a virtualenv: one directory name of letters, digits, `_`, `-` and `.`. */
export function checkVenvName(name: string): string {
  if (!isPlainName(name))
    throw new UsageError(
      `${JSON.stringify(name)} cannot name a virtualenv: letters, digits, _ - and . only, and no - or . in front`,
    );
  return name;
}

/**
 * Checks the folder of virtualenvs: absolute, or below the home directory by `~`, without `..`. Programs of a
 * virtualenv begin with its path in double quotes of sh, so nothing may be in it that means something there.
 */
export function checkPrefix(prefix: string): string {
  const inside = prefix === "~" || prefix.startsWith("~/") || prefix.startsWith("/");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break or NUL has no place in a path
  if (!inside || prefix.split("/").includes("..") || /[\u0000-\u001f"$`\\]/.test(prefix))
    throw new UsageError(
      `the prefix ${JSON.stringify(prefix)} must begin with / or ~/ and have no .. in it, nor " $ \` or \\`,
    );
  return prefix;
}

/** Checks a directory of a virtualenv, as deploy.dirs names it: below the virtualenv. Gives it without `.` and `//`. */
export function checkDirectory(directory: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break or NUL has no place in a path
  const odd = /^[/~-]|[\u0000-\u001f]/.test(directory);
  const parts = directory.split("/").filter((part) => part !== "" && part !== ".");
  if (odd || parts.includes("..") || parts.length === 0)
    throw new UsageError(
      `deploy.dirs: ${JSON.stringify(directory)} must be below the virtualenv, without / in front and without ..`,
    );
  return parts.join("/");
}

/** A virtualenv as the command line names it. */
export interface NamedVenv {
  name: string;
  /** The directory that it is in; undefined where it is in the directory of virtualenvs. */
  prefix: string | undefined;
}

/**
 * Reads the name of a virtualenv, or its path, which must be absolute: what is relative could lead out of the
 * directory of virtualenvs. `prefix` is the one that the command line names. Throws UsageError.
 */
export function checkVenv(operand: string, prefix: string | undefined): NamedVenv {
  if (prefix !== undefined) checkPrefix(prefix);
  if (!/^[/~]/.test(operand)) return { name: checkVenvName(operand), prefix: undefined };
  if (prefix !== undefined)
    throw new UsageError(`${operand} is a path of its own: it does not go with --prefix`);
  const [, directory = "", name] = /^(.*)\/([^/]*)$/s.exec(operand.replace(/\/+$/, "")) ?? [];
  if (!name) throw new UsageError(`${operand} is no virtualenv: name one in it`);
  return { name: checkVenvName(name), prefix: checkPrefix(directory === "" ? "/" : directory) };
}
