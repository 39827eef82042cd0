// Users of a site, and what they may see: each reply must be of a version that was live at some moment of its request.

import { type Asked, type Crowd, startUsers, type Users } from "./users.js";

/** A time in which a version may have been served: from the beginning of the switch to it to the end of that from it. */
export interface Live {
  version: string;
  /** Milliseconds, as performance.now() has them. */
  from: number;
  until: number;
}

/** What users have met. */
export interface Met {
  requests: number;
  repeats: number;
  /** What went wrong, a line for each request. */
  wrong: string[];
}

/** What is wrong with a request; undefined where it is well. Pages are as those of versioned.ts. */
export function complaint({ url, began, ended, page }: Asked, live: readonly Live[]): string | undefined {
  if (page instanceof Error) return `${url} failed: ${page.message}`;
  const [, version] = /^version (\S+)\n$/.exec(page) ?? [];
  if (live.some((time) => time.version === version && time.from <= ended && began <= time.until))
    return undefined;
  const then = live.filter(({ from, until }) => from <= ended && began <= until);
  return `${url} showed ${JSON.stringify(page)} while ${then.map((time) => time.version).join(" or ")} was live`;
}

/** Sees to the users of a site from now on until `stop`. */
export class Witness {
  readonly #users: Users;
  readonly #live: Live[];

  constructor(urls: readonly string[], crowd: Crowd, version: string) {
    this.#live = [{ version, from: performance.now(), until: Infinity }];
    this.#users = startUsers(urls, crowd);
  }

  /** While `act` is under way, users may see this version or the one before; after it, this one alone. */
  async during(version: string, act: () => Promise<void>): Promise<void> {
    const before = this.#live.at(-1);
    this.#live.push({ version, from: performance.now(), until: Infinity });
    await act();
    if (before) before.until = performance.now();
  }

  #judge(asked: readonly Asked[]): Met {
    return {
      requests: asked.length,
      repeats: asked.filter(({ repeated }) => repeated).length,
      wrong: asked.flatMap((one) => complaint(one, this.#live) ?? []),
    };
  }

  /** What users have met since they were asked last. */
  ask(): Met {
    return this.#judge(this.#users.take());
  }

  /** Has the users ask no more; what they have met since they were asked last. */
  async stop(): Promise<Met> {
    return this.#judge(await this.#users.stop());
  }
}
