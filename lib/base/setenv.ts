// The flag --setenv of es-run in command lines that are shown to others: its values may be secrets. It may stand behind
// another command's name (`es-roll 1 -- es-run --setenv A=b`), and in the text of a shell (`sh -c 'es-run --setenv A=b'`).

const flag = "--setenv";

/** The flag in the text of a shell, and the word behind it: its quoted parts may have spaces in them. */
const inText = /(--setenv[=\s]\s*)((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\;|&<>()])+)/gs;

/** NAME=***, of a variable as it is given to the flag. */
const hidden = (variable: string) => variable.replace(/^(["']?)([^=]*)=.*/s, "$1$2=***$1");

/** A command line in which the values of variables are hidden: --setenv NAME=***. */
export function withoutValues(argv: readonly string[]): string[] {
  return argv.map((word, at) => {
    if (argv[at - 1] === flag) return hidden(word);
    if (word.startsWith(`${flag}=`)) return `${flag}=${hidden(word.slice(flag.length + 1))}`;
    return word.replace(inText, (_, before: string, variable: string) => before + hidden(variable));
  });
}
