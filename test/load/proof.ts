// The proof that users notice no switch: under their load, balancers go from side to side, with deploys to the side that
// is idle in between, and each reply is of a version that was live at some moment of its request.

import { firstVersion, otherSide, type Side, type Site } from "./site.js";
import { type Asked, type Crowd, startUsers } from "./users.js";

/** A time in which a version may have been served: from the beginning of the switch to it to the end of that from it. */
export interface Live {
  version: string;
  /** Milliseconds, as performance.now() has them. */
  from: number;
  until: number;
}

/** Eight users, and some 200 requests a second. */
export const crowd: Crowd = { each: 4, pause: 25 };

export interface Figures {
  switches: number;
  deploys: number;
  seconds: number;
  requests: number;
  repeats: number;
  /** What went wrong, a line for each request. */
  wrong: string[];
}

/** What is wrong with a request; undefined where it is well. Pages are as those of test/lab/versioned.ts. */
export function complaint({ url, began, ended, page }: Asked, live: readonly Live[]): string | undefined {
  if (page instanceof Error) return `${url} failed: ${page.message}`;
  const [, version] = /^version (\S+)\n$/.exec(page) ?? [];
  if (live.some((time) => time.version === version && time.from <= ended && began <= time.until))
    return undefined;
  const then = live.filter(({ from, until }) => from <= ended && began <= until);
  return `${url} showed ${JSON.stringify(page)} while ${then.map((time) => time.version).join(" or ")} was live`;
}

/**
 * Switches a site that has just started so many times. The first switch, and each `every`th after it, follows a deploy of
 * a new version to the idle side.
 */
export async function prove(site: Site, switches: number, every: number): Promise<Figures> {
  let side: Side = "a";
  let deploys = 0;
  const deployed = { a: firstVersion, b: "" };
  const live: Live[] = [{ version: firstVersion, from: performance.now(), until: Infinity }];
  const users = startUsers(
    site.balancers.map(({ url }) => url),
    crowd,
  );
  const began = performance.now();
  let asked: Asked[] = [];
  try {
    for (let number = 0; number < switches; number++) {
      const [before] = live.slice(-1);
      side = otherSide(side);
      if (number % every === 0) {
        deployed[side] = `1.${++deploys}`;
        await site.deploy(deployed[side], side);
      }
      live.push({ version: deployed[side], from: performance.now(), until: Infinity });
      // What is deployed to next must have answered its last user.
      const next = (number + 1) % every === 0 ? ["--wait-drain"] : [];
      await site.switchTo(side, ...next);
      if (before) before.until = performance.now();
    }
  } finally {
    asked = await users.stop();
  }
  return {
    switches,
    deploys,
    seconds: (performance.now() - began) / 1000,
    requests: asked.length,
    repeats: asked.filter(({ repeated }) => repeated).length,
    wrong: asked.flatMap((one) => complaint(one, live) ?? []),
  };
}

/** The figures, for people. */
export function describe({ switches, deploys, seconds, requests, repeats, wrong }: Figures): string {
  const rate = Math.round(requests / seconds);
  return [
    `switches of all balancers: ${switches}; deploys to the idle side: ${deploys}; seconds: ${seconds.toFixed(0)}`,
    `requests: ${requests} (${rate} a second); repeated once (RFC 9112, 9.3.1): ${repeats}; wrong: ${wrong.length}`,
    ...wrong.slice(0, 20),
  ].join("\n");
}
