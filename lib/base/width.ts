// How many columns of a terminal a text takes.

const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

const widthOf = (character: string) =>
  wide.test(character) || (character.codePointAt(0) ?? 0) > 0x1f000 ? 2 : 1;

/** Display columns of a text: wide East Asian characters take two (a close approximation of UAX #11). */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** A text with spaces behind it, so that it takes as many columns. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}

/** A text in no more columns than that: one that is wider ends with "...". */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  const mark = "...".slice(0, Math.max(0, columns));
  let kept = "";
  let left = columns - mark.length;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    kept += character;
  }
  return kept + mark;
}
