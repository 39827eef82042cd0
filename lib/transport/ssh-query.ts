// Asking ssh itself how it would reach hosts: `ssh -G`, once for all hosts that its files do not tell apart.

import { execFile } from "node:child_process";
import { Failure } from "../base/failure.js";
import type { Target } from "./contract.js";
import { SshBlocks } from "./ssh-blocks.js";

/** The lines of `ssh -G`: keyword, and its values in order. */
export type Values = ReadonlyMap<string, readonly string[]>;

/** What ssh said of a host, and the files that it read for it. */
interface Answer {
  values: Values;
  files: readonly string[];
}

function parse(text: string): Values {
  const values = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    if (space < 0) continue;
    const keyword = line.slice(0, space);
    values.set(keyword, [...(values.get(keyword) ?? []), line.slice(space + 1)]);
  }
  return values;
}

/** How ssh is told of a target: what ends its flags. `config`: a file for -F. */
export function destination({ host = "", user, port }: Target, config: string | undefined): string[] {
  return [
    ...(config === undefined ? [] : ["-F", config]),
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
    "--",
    host,
  ];
}

/** Resolves to undefined when there is no ssh on this machine. Throws Failure "unresolved". */
function ask(target: Target, config: string | undefined): Promise<Answer | undefined> {
  // -v tells which files are read.
  const args = ["-G", "-v", ...destination(target, config)];
  return new Promise((resolve, reject) => {
    const child = execFile("ssh", args, { timeout: 60_000, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      const lines = stderr.trim().split("\n");
      if (!error) {
        const reading = "debug1: Reading configuration data ";
        const files = lines.filter((line) => line.startsWith(reading));
        resolve({ values: parse(stdout), files: files.map((line) => line.slice(reading.length).trimEnd()) });
      } else if (error.code === "ENOENT") resolve(undefined);
      else {
        const said = lines.filter((line) => !/^(debug\d: |OpenSSH_)/.test(line));
        reject(
          new Failure(
            "unresolved",
            `ssh -G ${target.host} failed: ${said.slice(0, 3).join("; ") || error.message}`,
          ),
        );
      }
    });
    child.stdin?.end();
  });
}

/** What was said of one host, as it would be said of another one of its class. */
function asFor({ host = "", user, port }: Target, values: Values): Values {
  const same = new Map(values);
  same.set("host", [host]);
  same.set("hostname", [host]);
  if (user !== undefined) same.set("user", [user]);
  if (port !== undefined) same.set("port", [String(port)]);
  return same;
}

/** Targets that ssh's files do not tell apart. */
interface Class {
  /** The one that ssh was asked about. */
  target: Target;
  answer: Promise<Answer | undefined>;
}

/** Asks ssh about hosts, and about those that its files do not tell apart only once. */
export class SshQuery {
  readonly #config: string | undefined;
  /** The first answer tells which files there are. */
  #first: Class | undefined;
  #blocks: Promise<SshBlocks | undefined> | undefined;
  readonly #classes = new Map<string, Class>();

  /** `config`: a file for ssh -F. */
  constructor(config: string | undefined) {
    this.#config = config;
  }

  /** What `ssh -G` says of a target; undefined where there is no ssh. Throws Failure "unresolved". */
  async valuesFor(target: Target): Promise<Values | undefined> {
    const first = this.#first ?? { target, answer: ask(target, this.#config) };
    this.#first = first;
    this.#blocks ??= this.#read(first);
    const blocks = await this.#blocks;
    if (first.target === target) return (await first.answer)?.values;
    const answer = blocks && (await this.#sharedAnswer(target, blocks));
    if (answer && String(answer.files) === String((await first.answer)?.files))
      return asFor(target, answer.values);
    return (await ask(target, this.#config))?.values;
  }

  async #read(first: Class): Promise<SshBlocks | undefined> {
    const answer = await first.answer.catch(() => undefined);
    if (!answer || answer.files.length === 0) return undefined;
    const blocks = await SshBlocks.read(answer.files);
    const name = className(first.target, blocks);
    if (name !== undefined) this.#classes.set(name, first);
    return blocks;
  }

  /** What was said of the target's class, unless that holds for one host only. */
  async #sharedAnswer(target: Target, blocks: SshBlocks): Promise<Answer | undefined> {
    const name = className(target, blocks);
    if (name === undefined) return undefined;
    const known = this.#classes.get(name) ?? { target, answer: ask(target, this.#config) };
    this.#classes.set(name, known);
    const answer = await known.answer.catch(() => undefined);
    const one = (keyword: string) => answer?.values.get(keyword)?.[0];
    const isOfItself = one("hostname") === known.target.host && one("canonicalizehostname") === "false";
    return isOfItself ? answer : undefined;
  }
}

function className({ host = "", user, port }: Target, blocks: SshBlocks): string | undefined {
  const name = blocks.classOf(host);
  if (name === undefined || !/^[\w.-]*$/.test(user ?? "")) return undefined;
  return `${name}:${user === undefined ? "" : "user"}:${port === undefined ? "" : "port"}`;
}
