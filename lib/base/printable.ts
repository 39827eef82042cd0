// Text from elsewhere, made safe for a terminal.

/**
 * What a terminal may obey, or shows in another order than it stands in: C0, DEL and C1, the separators of lines, and
 * what changes the direction of text (Unicode's Bidi_Control).
 */
export const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** `text` on one line, with what is unprintable written as \xNN or \u{NNNN}. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** A character as JSON and TOML have it in a text. */
export function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The same JSON, on one line, for a terminal: white space between its parts is a space, all else is in its texts. */
export function printableJson(json: string): string {
  return json.replace(unprintable, (character) => (/[\t\r\n]/.test(character) ? " " : escaped(character)));
}

/** Text of several lines for a terminal: line breaks stay, every other control character is escaped. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
