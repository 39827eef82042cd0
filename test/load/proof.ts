// The proof that users notice no switch: under their load, balancers go from side to side, with deploys to the side that
// is idle in between, and each reply is of a version that was live at some moment of its request.

import { firstVersion, otherSide, type Side, type Site, wellDone } from "../lab/site.js";
import type { Crowd } from "../lab/users.js";
import { type Met, Witness } from "../lab/witness.js";

/** Eight users, and some 200 requests a second. */
export const crowd: Crowd = { each: 4, pause: 25 };

export interface Figures extends Met {
  switches: number;
  deploys: number;
  seconds: number;
}

/**
 * Switches a site that has just started so many times. The first switch, and each `every`th after it, follows a deploy of
 * a new version to the idle side.
 */
export async function prove(site: Site, switches: number, every: number): Promise<Figures> {
  let side: Side = "a";
  let deploys = 0;
  const deployed = { a: firstVersion, b: "" };
  const urls = site.balancers.map(({ url }) => url);
  const witness = new Witness(urls, crowd, firstVersion);
  const began = performance.now();
  let met: Met | undefined;
  try {
    for (let number = 0; number < switches; number++) {
      side = otherSide(side);
      if (number % every === 0) {
        deployed[side] = `1.${++deploys}`;
        site.publish(deployed[side]);
        wellDone(await site.deploy(deployed[side], side));
      }
      // What is deployed to next must have answered its last user.
      const next = (number + 1) % every === 0 ? ["--wait-drain"] : [];
      await witness.during(deployed[side], async () => wellDone(await site.switchTo(side, ...next)));
    }
  } finally {
    met = await witness.stop();
  }
  return { switches, deploys, seconds: (performance.now() - began) / 1000, ...met };
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
