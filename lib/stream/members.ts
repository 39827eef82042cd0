// Changing some members of a record's text and leaving every other byte as it came. Parsing and printing
// anew would round large integers and drop what JavaScript cannot hold; the record's text is the user's.

import type { Json } from "../base/json.js";

interface Member {
  name: string;
  /** The member as it stands in the text: name, colon and value. */
  text: string;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; ; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
}

/** The members of a JSON object's text, which must be valid JSON. */
function members(text: string): Member[] {
  const found: Member[] = [];
  let depth = 0;
  let start = -1;
  let name = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === '"') {
      const end = endOfString(text, i);
      if (depth === 1 && start < 0) {
        start = i;
        name = JSON.parse(text.slice(i, end));
      }
      i = end - 1;
    } else if (character === "{" || character === "[") {
      depth++;
    } else if (character === "}" || character === "]" || (character === "," && depth === 1)) {
      if (depth === 1 && start >= 0) found.push({ name, text: text.slice(start, i).trimEnd() });
      if (depth === 1) start = -1;
      if (character !== ",") depth--;
    }
  }
  return found;
}

/**
 * `text`, a valid JSON object, with the members in `changes` set: in the place where they stood, otherwise
 * at the end. A value of undefined takes the member away. All others stay byte for byte.
 */
export function amend(text: string, changes: Readonly<Record<string, Json | undefined>>): string {
  const pending = new Map(Object.entries(changes));
  const taken = new Set<string>();
  const result: string[] = [];
  const add = (name: string, value: Json | undefined) => {
    if (value !== undefined) result.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
    pending.delete(name);
    taken.add(name);
  };
  for (const member of members(text)) {
    if (pending.has(member.name)) add(member.name, pending.get(member.name));
    else if (!taken.has(member.name)) result.push(member.text);
  }
  for (const [name, value] of [...pending]) add(name, value);
  return `{${result.join(",")}}`;
}
