// Programs that have verbs: what each of them takes of what a command line can say.

import { UsageError } from "./base/failure.js";
import { didYouMean } from "./base/nearest.js";

/** What a verb takes. */
export interface Verb {
  /** How many operands, beside the verb. */
  operands: readonly [least: number, most: number];
  /** Which of the program's own flags. */
  flags: readonly string[];
  /** A command after "--". */
  command?: true;
}

/** What was said beside the verb. */
export interface Said {
  args: readonly string[];
  flags: Readonly<Record<string, unknown>>;
  rest?: readonly string[] | undefined;
}

/** The verb of a name. Throws UsageError for one that is not there. */
export function verbNamed<V>(verbs: Readonly<Record<string, V>>, name: string): V {
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined) throw new UsageError(`unknown verb ${name}${didYouMean(name, Object.keys(verbs))}`);
  return verb;
}

/** Throws UsageError for what the verb does not take; `own` are the names of the program's own flags. */
export function checkVerb(
  name: string,
  verb: Verb,
  { args, flags, rest }: Said,
  own: Iterable<string>,
): void {
  const [least, most] = verb.operands;
  if (args.length < least) throw new UsageError(`an operand of ${name} is missing`);
  if (args.length > most)
    throw new UsageError(most === 0 ? `${name} takes no operand` : `unexpected operand ${args[most]}`);
  if (rest && !verb.command) throw new UsageError(`${name} takes no command after --`);
  if (rest?.length === 0) throw new UsageError("after -- comes a command");
  for (const flag of own)
    if (flags[flag] !== undefined && flags[flag] !== false && !verb.flags.includes(flag))
      throw new UsageError(`${name} takes no --${flag}`);
}
