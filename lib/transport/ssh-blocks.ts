// Which hosts ssh's files tell apart: their Host and Match blocks, as far as that can be said for sure
// (ssh_config(5)). What is not surely understood gives no answer, and ssh is asked for the host alone.

import { readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { globMatches } from "../base/glob.js";

/** A Host or Match block, or what stands before the first one of a file, which counts for every host. */
interface Block {
  patterns: readonly string[];
  /** Some value in it depends on the host, or takes its place. */
  dependent: boolean;
}

/** Keywords whose tokens do no harm: nothing that we read depends on them. */
const unread = new Set(["controlpath", "localcommand", "remotecommand"]);

/** Tokens that are the same for all hosts: %%, home directory, this machine's name, this user. */
const sameForAll = /%[%dLliu]/g;

/** Patterns, as far as they are plain: no quotes, no comments, no capitals, nothing that needs escaping. */
const plainPatterns = /^[a-z0-9._*?! \t:-]+$/;

/** Patterns of a Host or Match line, or undefined for what is not surely understood. */
function patternsOf(keyword: string, args: string): readonly string[] | undefined {
  const words = args.trim();
  if (keyword === "match" && words.toLowerCase() === "all") return ["*"];
  if (keyword !== "host" || !plainPatterns.test(words)) return undefined;
  return words.split(/[ \t]+/);
}

function blocksOf(text: string): Block[] | undefined {
  const blocks: Block[] = [{ patterns: ["*"], dependent: false }];
  for (const line of text.split("\n")) {
    const words = line.trim();
    if (words === "" || words.startsWith("#")) continue;
    const [, name = "", args = ""] = /^([A-Za-z0-9]+)[ \t]*=?[ \t]*(.*)$/.exec(words) ?? [];
    const keyword = name.toLowerCase();
    if (keyword === "") return undefined;
    if (keyword === "host" || keyword === "match") {
      const patterns = patternsOf(keyword, args);
      if (!patterns) return undefined;
      blocks.push({ patterns, dependent: false });
      continue;
    }
    // It looks names up, and may read the files a second time.
    if (keyword.startsWith("canonical")) return undefined;
    const hasToken = !unread.has(keyword) && args.replace(sameForAll, "").includes("%");
    const last = blocks.at(-1);
    if (last && (hasToken || keyword === "hostname")) last.dependent = true;
  }
  return blocks;
}

function isMatched({ patterns }: Block, host: string): boolean {
  const isHit = (pattern: string) => globMatches(pattern.replace(/^!/, ""), host);
  const hits = patterns.filter(isHit);
  return hits.length > 0 && !hits.some((pattern) => pattern.startsWith("!"));
}

/** Whether ssh takes a host as it is: not for an address that it would write anew, nor a name in capitals. */
function isPlain(host: string): boolean {
  return isIPv4(host) || /^([a-z0-9_-]+\.)*[a-z_][a-z0-9_-]*$/.test(host);
}

/** The blocks of the files that ssh has read. */
export class SshBlocks {
  readonly #blocks: readonly Block[] | undefined;

  private constructor(blocks: readonly Block[] | undefined) {
    this.#blocks = blocks;
  }

  /** `files`: as `ssh -v` says that it reads them, which it does whatever block an Include stands in. */
  static async read(files: readonly string[]): Promise<SshBlocks> {
    try {
      const all = await Promise.all(files.map(async (file) => blocksOf(await readFile(file, "utf8"))));
      return new SshBlocks(all.includes(undefined) ? undefined : all.flatMap((blocks) => blocks ?? []));
    } catch {
      return new SshBlocks(undefined);
    }
  }

  /** The same word for hosts that no block tells apart; undefined for one that must be asked for alone. */
  classOf(host: string): string | undefined {
    if (!this.#blocks || !isPlain(host)) return undefined;
    const numbers: number[] = [];
    for (const [number, block] of this.#blocks.entries())
      if (isMatched(block, host)) {
        if (block.dependent) return undefined;
        numbers.push(number);
      }
    return numbers.join(" ");
  }
}
