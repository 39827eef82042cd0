// The proof under load, as a run of its own: `npm run test:load`. 50 switches of two balancers in front of four hosts,
// or as many as the first word says; then as many bare reloads, for what wrk, which repeats nothing, makes of both.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startSite } from "../lab/site.js";
import { startUsers } from "../lab/users.js";
import { crowd, describe, prove } from "./proof.js";
import { type Counted, startWrk } from "./wrk.js";

const switches = Number(process.argv[2] ?? 50);
const every = 5;

const describeWrk = (what: string, { requests, readErrors, others }: Counted) =>
  `wrk, under ${what}: ${requests} requests, ${readErrors} read errors, ${others} others\n`;

const directory = mkdtempSync(join(tmpdir(), "essay-wrk-"));
const site = await startSite({ hosts: 4, balancers: 2, processes: 2 });
try {
  const [first] = site.balancers;
  if (!first) throw new Error("there is no balancer");
  const endOfSwitches = startWrk(first.url, directory);
  const figures = await prove(site, switches, every);
  const switched = await endOfSwitches();
  process.stdout.write(`${describe(figures)}\n${describeWrk(`${switches} switches`, switched)}`);

  const users = startUsers([first.url], crowd);
  const endOfReloads = startWrk(first.url, directory);
  for (let number = 0; number < switches; number++) {
    await first.reload();
    await pause(500);
  }
  const reloaded = await endOfReloads();
  await users.stop();
  process.stdout.write(describeWrk(`${switches} bare reloads`, reloaded));

  // Which connections nginx closes in the middle of a request is chance: counts that are alike differ by so much at most.
  const chance = 3 * Math.sqrt(switched.readErrors + reloaded.readErrors);
  const more = switched.readErrors - reloaded.readErrors > chance;
  if (more) process.stdout.write("a switch costs wrk more than a bare reload does\n");
  if (figures.wrong.length > 0 || switched.others > 0 || more) process.exitCode = 1;
} finally {
  await site.stop();
  rmSync(directory, { recursive: true, force: true });
}
