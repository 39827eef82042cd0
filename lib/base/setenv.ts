// The flag --setenv of es-run in command lines that are shown to others: its values may be secrets.

const flag = "--setenv";

/** A command line in which the values of variables are hidden: --setenv NAME=***. */
export function withoutValues(argv: readonly string[]): string[] {
  const end = argv.indexOf("--");
  return argv.map((word, at) => {
    if (end >= 0 && at > end) return word;
    if (argv[at - 1] === flag) return word.replace(/=.*/s, "=***");
    return word.startsWith(`${flag}=`) ? word.replace(/^([^=]*=[^=]*)=.*/s, "$1=***") : word;
  });
}
