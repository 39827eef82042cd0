// Patterns of names, in which * stands for any characters and ? for one.

/**
 * True where all of `name` fits the pattern; in a time that grows with the product of the two lengths at most, whatever
 * the pattern, which no regular expression would do.
 */
export function globMatches(pattern: string, name: string): boolean {
  let [at, place] = [0, 0];
  // Behind the last star, and how much of the name that star stands for until something else is tried.
  let [behind, taken] = [-1, 0];
  while (place < name.length) {
    if (pattern[at] === "*") {
      behind = ++at;
      taken = place;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[place])) {
      at++;
      place++;
    } else if (behind >= 0) {
      at = behind;
      place = ++taken;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
