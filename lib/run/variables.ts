// The variables that a command is given, some of which are secrets.

import { UsageError } from "../base/failure.js";

export interface Variable {
  name: string;
  value: string;
  /** It came from our own environment, so that it stands in no command line; nor may it stand in what is written. */
  secret: boolean;
}

const flag = "--setenv";

/**
 * Reads NAME=VALUE, or NAME alone for the variable of that name in `environment`. Throws UsageError for what is no
 * name, and for a variable that is not set.
 */
export function readVariable(text: string, environment: NodeJS.ProcessEnv): Variable {
  const [name = "", given] = text.split(/=(.*)/s);
  // The script on the host has variables of its own.
  if (!/^[A-Za-z_]\w*$/.test(name) || name.startsWith("essay_"))
    throw new UsageError(`${flag}: ${JSON.stringify(name)} cannot be the name of a variable`);
  if (given !== undefined) return { name, value: given, secret: false };
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value === undefined) throw new UsageError(`${flag} ${name}: the environment has no variable ${name}`);
  return { name, value, secret: true };
}

/** `text` with *** for each of these values, and for each line of them: output is shown line by line. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const lines = secrets.flatMap((secret) => secret.split(/\r?\n/));
  // The longest first: one may be a part of another.
  const longestFirst = [...secrets, ...lines]
    .filter((each) => each.trim())
    .sort((a, b) => b.length - a.length);
  return longestFirst.reduce((left, secret) => left.replaceAll(secret, "***"), text);
}
