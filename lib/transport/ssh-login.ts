// Logging in: the keys one after the other, then questions to a person; and how it went, for the error's sentence.

import type { AnyAuthMethod, Prompt } from "ssh2";
import type { Asker } from "./asker.js";
import { opensshCan } from "./key-file.js";
import type { Candidate, Candidates } from "./ssh-identities.js";
import type { SshSettings } from "./ssh-settings.js";

/** Ways of logging in that ssh2 has not, or not as ssh has. */
const onlyOpenssh = new Set(["gssapi-with-mic", "gssapi-keyex", "hostbased"]);

/** One log-in: hands ssh2 one attempt after the other, and remembers how it went. */
export class Login {
  readonly #candidates: Candidates;
  readonly #who: string;
  readonly #settings: Pick<SshSettings, "user" | "methods" | "prompts">;
  readonly #asker: Asker;
  readonly #tried: Pick<Candidate, "said" | "locked">[] = [];
  readonly #asked = { "keyboard-interactive": 0, password: 0 };
  #offered: readonly string[] = [];
  #next = 0;
  #partial = false;

  /** `host`: as the person who is asked knows it. */
  constructor(
    host: string,
    settings: Pick<SshSettings, "user" | "methods" | "prompts">,
    candidates: Candidates,
    asker: Asker,
  ) {
    this.#who = `${settings.user}@${host}`;
    this.#settings = settings;
    this.#candidates = candidates;
    this.#asker = asker;
  }

  /** The next attempt, or false when there is none. `left`: what the server still takes, null at first. */
  async next(left: readonly string[] | null, partial: boolean | null): Promise<AnyAuthMethod | false> {
    if (left) this.#offered = left;
    this.#partial ||= partial === true;
    const { methods, user: username } = this.#settings;
    const keysFirst = methods[0] === "publickey" && this.#candidates.keys.length > 0;
    // Before its first answer, keys are shown; or else the server is asked what it offers.
    if (!left) return (keysFirst && this.#key()) || { type: "none", username };
    for (const method of methods) {
      if (!left.includes(method)) continue;
      const attempt = method === "publickey" ? this.#key() : await this.#question(method);
      if (attempt) return attempt;
    }
    return false;
  }

  #key(): AnyAuthMethod | undefined {
    const candidate = this.#candidates.keys[this.#next++];
    if (!candidate) return undefined;
    this.#tried.push(candidate);
    return { ...candidate.method, username: this.#settings.user };
  }

  async #question(method: "keyboard-interactive" | "password"): Promise<AnyAuthMethod | undefined> {
    const { prompts, user: username } = this.#settings;
    if (!this.#asker.isThere || this.#asked[method] >= prompts) return undefined;
    const again = this.#asked[method]++ === 0 ? "" : "wrong; ";
    if (method === "keyboard-interactive") {
      this.#tried.push({ said: method });
      return { type: method, username, prompt: (...heard) => void this.#answer(...heard) };
    }
    const password = await this.#asker.ask(`${again}password of ${this.#who}: `, false);
    if (!password) {
      this.#asked[method] = prompts;
      return undefined;
    }
    this.#tried.push({ said: method });
    return { type: method, username, password };
  }

  /** Passes the server's questions on, with its words before them (RFC 4256 section 3.2). */
  async #answer(
    name: string,
    instructions: string,
    _language: string,
    prompts: readonly Prompt[],
    finish: (answers: string[]) => void,
  ): Promise<void> {
    const answers: string[] = [];
    const words = [name, instructions].filter((text) => text.trim() !== "").map((text) => `${text.trim()}; `);
    for (const { prompt, echo } of prompts) {
      const question = `(${this.#who}) ${words.splice(0).join("")}${prompt}`;
      // A terminal that has gone answers nothing.
      const answer = await this.#asker.ask(question, echo === true).catch(() => undefined);
      if (answer === undefined) this.#asked["keyboard-interactive"] = this.#settings.prompts;
      answers.push(answer ?? "");
    }
    finish(answers);
  }

  /** Whether the server has said no to an attempt. */
  get denied(): boolean {
    return this.#offered.length > 0;
  }

  /** What could not be tried, with the reason. */
  get #leftOut(): readonly string[] {
    const questions = this.#settings.methods.filter(
      (method) => method !== "publickey" && this.#offered.includes(method),
    );
    const locked = this.#candidates.keys.filter((key) => key.locked?.failed);
    return [
      ...this.#candidates.leftOut,
      ...locked.map(({ said }) => `${said} (no passphrase was given that fits)`),
      ...(this.#asker.isThere ? [] : questions.map((method) => `${method} (there is no terminal to ask on)`)),
      ...this.#offered
        .filter((method) => onlyOpenssh.has(method))
        .map((method) => `${method} (${opensshCan})`),
    ];
  }

  /** How it went, for the error's sentence. */
  get story(): string {
    const leftOut = this.#leftOut;
    const tried = this.#tried.filter(({ locked }) => !locked?.failed).map(({ said }) => said);
    return [
      tried.length > 0 ? `tried: ${tried.join(", ")}` : "there was nothing to try",
      ...(leftOut.length > 0 ? [`not tried: ${leftOut.join(", ")}`] : []),
      ...(this.#offered.length > 0
        ? [`the server ${this.#partial ? "also wants" : "offers"}: ${this.#offered.join(", ")}`]
        : []),
    ].join("; ");
  }
}
