// How a script travels: a constant command line that any login shell takes, and all else on stdin.
//
//   line 1   the account to become, or "-"
//   line 2   the number of bytes of the program
//   program  POSIX sh, with its arguments quoted in it, ended by the line "# whole": a program that a cut
//            connection has shortened must not run
//   payload  if any: as many bytes as the program was told
//   then     silence: the lifeline, whose end means "end what you started"

import { Failure } from "../base/failure.js";

const whole = "# whole";

// Reads the program exactly and not a byte more (busybox `head -c` reads ahead, so dd), then runs it.
const readAndRun = [
  "read -r n || exit 125",
  // A dd that does not know fullblock ends before it reads.
  "p=$(dd bs=$n count=1 iflag=fullblock 2>/dev/null)",
  '[ -n "$p" ] || p=$(dd bs=1 count=$n 2>/dev/null)',
  `case "$p" in *"${whole}") eval "$p" ;; *) exit 125 ;; esac`,
].join("; ");

const inDoubleQuotes = (text: string) => text.replace(/[$"\\`]/g, "\\$&");

/**
 * The remote command line. Between its single quotes there is no single quote, exclamation mark or line
 * break, so that sh, bash, zsh, fish and csh agree on it.
 */
export const command = `exec sh -c '${[
  "read -r a || exit 125",
  `b="${inDoubleQuotes(readAndRun)}"`,
  'if [ "$a" = - ]',
  'then eval "$b"',
  'else exec sudo -n -u "$a" -- sh -c "$b"',
  "fi",
].join("; ")}'`;

/** What goes first on the command's stdin. Throws Failure "bad-argument" for an account that is no name. */
export function head(program: string, become: string | undefined): Buffer {
  if (become !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/.test(become))
    throw new Failure("bad-argument", `become: ${JSON.stringify(become)} is not the name of an account`);
  const bytes = Buffer.from(`${program}\n${whole}\n`, "utf8");
  return Buffer.concat([Buffer.from(`${become ?? "-"}\n${bytes.length}\n`), bytes]);
}
