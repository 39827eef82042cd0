// Who we are for an index: what was found, and where that does not do, what a person types.

import { Failure } from "../base/failure.js";
import type { Credentials } from "./credentials.js";

/** Puts a question to a person; undefined where there is nobody to ask. A hidden answer is not shown while typed. */
export type Ask = (
  question: string,
  how: { hidden: boolean; signal?: AbortSignal | undefined },
) => Promise<string | undefined>;

/** What was typed in this run, for each origin: each is asked for once. */
export class Typed {
  readonly #ask: Ask;
  readonly #answers = new Map<string, Promise<Credentials | undefined>>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** The user name and password for a server; `user` is what is known of the name. */
  for(origin: string, user: string | undefined, signal?: AbortSignal): Promise<Credentials | undefined> {
    const answer = this.#answers.get(origin) ?? this.#question(origin, user, signal);
    this.#answers.set(origin, answer);
    return answer;
  }

  async #question(origin: string, known: string | undefined, signal?: AbortSignal) {
    const user = known ?? (await this.#ask(`User name for ${origin}: `, { hidden: false, signal }));
    if (user === undefined) return undefined;
    const password = await this.#ask(`Password of ${user} for ${origin}: `, { hidden: true, signal });
    return password === undefined ? undefined : { user, password };
  }
}

/** Who we are for one URL of an index. */
export class Login {
  readonly #origin: string;
  readonly #user: string | undefined;
  readonly #typed: Typed;
  /** Undefined where none are known. */
  credentials: Credentials | undefined;

  constructor(url: string, credentials: Credentials | undefined, user: string | undefined, typed: Typed) {
    this.#origin = new URL(url).origin;
    this.credentials = credentials;
    this.#user = user;
    this.#typed = typed;
  }

  /** Does something as who we are. Where the index does not let us in, a person is asked, and it is done again. */
  async as<T>(act: (credentials: Credentials | undefined) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.credentials;
    try {
      return await act(before);
    } catch (error) {
      if (!(error instanceof Failure && error.code === "auth-failed")) throw error;
      const typed = await this.#typed.for(this.#origin, this.#user ?? before?.user, signal);
      if (typed === undefined || typed === before) throw error;
      this.credentials = typed;
      return act(typed);
    }
  }
}
