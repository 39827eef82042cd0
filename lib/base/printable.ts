// Text from elsewhere, made safe for a terminal.

/** `text` on one line, with C0, DEL, C1 and bidirectional control characters written as \xNN or \u{NNNN}. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** Text of several lines for a terminal: line breaks stay, every other control character is escaped. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
