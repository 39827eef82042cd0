// Many deploys in a row, to the one side and the other, under the load of users, with faults: each one is healed by the
// same command again, users notice nothing, and nothing grows.

import type { Ran } from "../lab/program.js";
import { firstVersion, otherSide, type Side, type Site } from "../lab/site.js";
import type { Crowd } from "../lab/users.js";
import { type Met, Witness } from "../lab/witness.js";
import type { Sample } from "./drift.js";
import { deployKinds, type Fault, type Kind, runWhole, strike, type Usual } from "./faults.js";
import { measure } from "./gauges.js";

/** Which fault the pipelines of a round meet; rounds are counted from 1. */
export interface Plan {
  deploy?: Fault | undefined;
  switch?: Fault | undefined;
}

export interface Counted {
  /** As often as it happened while a pipeline was under way. */
  hits: number;
  /** As often as the pipeline failed by it. */
  failed: number;
  /** As often as the same command healed that. */
  healed: number;
}

export interface Tally extends Met {
  rounds: number;
  /** Pipelines that were run: deploys and switches, with those that heal. */
  pipelines: number;
  seconds: number;
  faults: Record<Kind, Counted>;
  samples: Sample[];
}

/** Users of each balancer, and what they wait between their requests, in milliseconds: 20 requests a second. */
const crowd: Crowd = { each: 2, pause: 100 };

/** Enough that a side never gets the one that it has. */
const versions = ["1.1", "1.2", "1.3", "1.4", "1.5"];

/** How often the same is tried, where it does not heal at once. */
const tries = 3;

export class Soak {
  readonly #site: Site;
  readonly #witness: Witness;
  readonly #usual: Partial<Record<keyof Plan, Usual>> = {};
  readonly #began = performance.now();
  #side: Side = "a";
  readonly tally: Tally;

  /** The site has just started. */
  constructor(site: Site) {
    this.#site = site;
    for (const version of versions) site.publish(version);
    const urls = site.balancers.map(({ url }) => url);
    this.#witness = new Witness(urls, crowd, firstVersion);
    const none = () => ({ hits: 0, failed: 0, healed: 0 });
    this.tally = {
      rounds: 0,
      pipelines: 0,
      seconds: 0,
      requests: 0,
      repeats: 0,
      wrong: [],
      faults: Object.fromEntries(deployKinds.map((kind) => [kind, none()])) as Record<Kind, Counted>,
      samples: [],
    };
  }

  #wrong(what: string): void {
    this.tally.wrong.push(`round ${this.tally.rounds}: ${what}`);
  }

  /** Runs a pipeline until it has gone well. Throws where that is never. */
  async #heal(run: () => Promise<Ran>): Promise<boolean> {
    for (let number = 1; number <= tries; number++) {
      const again = await run();
      this.tally.pipelines++;
      if (again.status === 0) return number === 1;
      this.#wrong(`the same again did not heal it\n${again.report}`);
    }
    throw new Error(`round ${this.tally.rounds}: it is beyond healing`);
  }

  async #run(name: keyof Plan, fault: Fault | undefined, run: () => Promise<Ran>): Promise<void> {
    const usual = this.#usual[name];
    this.tally.pipelines++;
    if (fault === undefined || usual === undefined) {
      const [ran, now] = await runWhole(this.#site, run);
      if (ran.status === 0) this.#usual[name] = now;
      else {
        this.#wrong(`it failed without any fault\n${ran.report}`);
        await this.#heal(run);
      }
      return;
    }
    const { ran, hit } = await strike(this.#site, fault, usual, run);
    const counted = this.tally.faults[fault.kind];
    if (hit) counted.hits++;
    if (ran.status === 0) return;
    if (!hit) this.#wrong(`it failed before its fault (${fault.kind})\n${ran.report}`);
    counted.failed++;
    if (await this.#heal(run)) counted.healed++;
    else this.#wrong(`${JSON.stringify(fault)} was not healed; it had come to\n${ran.report}`);
  }

  /** One deploy to the idle side, and the switch to it. */
  async round(plan: Plan = {}): Promise<void> {
    const { tally } = this;
    tally.rounds++;
    const side = otherSide(this.#side);
    const version = versions[tally.rounds % versions.length] as string;
    await this.#run("deploy", plan.deploy, () => this.#site.deploy(version, side));
    // What is called well is looked at.
    for (const page of await this.#site.pages(side))
      if (page !== `version ${version}\n`)
        this.#wrong(`${version} was deployed to ${side}, and a process says ${page}`);
    await this.#witness.during(version, () =>
      this.#run("switch", plan.switch, () => this.#site.switchTo(side, "--wait-drain")),
    );
    this.#side = side;
    this.#keep(this.#witness.ask());
  }

  #keep({ requests, repeats, wrong }: Met): void {
    this.tally.requests += requests;
    this.tally.repeats += repeats;
    for (const one of wrong) this.#wrong(one);
    this.tally.seconds = (performance.now() - this.#began) / 1000;
  }

  /** Measures what must not grow. */
  async sample(): Promise<void> {
    this.tally.samples.push(await measure(this.#site));
  }

  /** The last word of the users. */
  async stop(): Promise<void> {
    this.#keep(await this.#witness.stop());
  }
}

/** What a run has come to, for people. */
export function describe(tally: Tally): string {
  const { rounds, pipelines, seconds, faults, requests, repeats, wrong } = tally;
  const lines = Object.entries(faults).map(
    ([kind, { hits, failed, healed }]) => `  ${kind}: ${hits}, failed by it ${failed}, healed ${healed}`,
  );
  return [
    `deploys to one side and the other, each with its switch: ${rounds}; pipelines: ${pipelines}; seconds: ${seconds.toFixed(0)}`,
    "faults:",
    ...lines,
    `requests of users: ${requests}; repeated once (RFC 9112, 9.3.1): ${repeats}`,
    `wrong: ${wrong.length}`,
    ...wrong.slice(0, 20),
  ].join("\n");
}
