// Every point of the programs that work on this machine: what they do to files, the processes that they start, and what
// they ask an index. At each of them something goes wrong, and the program is run again.

import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indexServer } from "../../lib/index/server/server.js";
import { Store } from "../../lib/index/store/store.js";
import { type Exchanges, type ExchangeTrouble, exchangeTroubles, startExchanges } from "../lab/exchanges.js";
import { processesIn, until } from "../lab/processes.js";
import { pathWithBins, program, type Ran, recordsOf } from "../lab/program.js";
import { type Mishap, mishaps } from "./shim.js";
import type { Verdict } from "./verdict.js";

/** A run of a program: in the folder `work` of a place of its own, to which `before` is copied first. */
export interface Job {
  name: string;
  program: string;
  args: readonly string[];
  /** `{work}` in it, and in `args`, is the folder; `{index}` the URL of the index. */
  input?: string;
  /** A folder. */
  before?: string;
  /** What it says, with status 2, where its work is done already. */
  refuses?: RegExp;
  /** The index that it asks: the URL of one that stays as it is; "own": one of its own, with its files in work/store. */
  index?: string;
}

type What = { act: number; shown: string; mishap: Mishap } | { exchange: number; trouble: ExchangeTrouble };
export interface Point {
  job: Job;
  what: What;
}

export const nameOf = ({ job, what }: Point) =>
  "act" in what
    ? `${job.name}, at act ${what.act} (${what.shown}): ${what.mishap}`
    : `${job.name}, at exchange ${what.exchange} with the index: ${what.trouble}`;

const shim = new URL("shim.js", import.meta.url).href;

/** What is below a folder: for each file its hash, for each link where it leads. Hidden files that are on their way are not. */
function contents(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const file = join(folder, path);
    const kind = ofIndex(path) ? undefined : lstatSync(file, { throwIfNoEntry: false });
    if (kind?.isSymbolicLink()) found.set(path, `-> ${readlinkSync(file)}`);
    else if (kind?.isFile()) found.set(path, createHash("sha256").update(readFileSync(file)).digest("hex"));
  }
  return found;
}

const onItsWay = (path: string) => path.endsWith(".part");
/** What an index keeps for itself, and what of that is not whole yet. */
const ofIndex = (path: string) => path.startsWith("store/.es-index");
const half = /^(upload|new)-/;

/** A place for one case, with the folders `work`, `home` and `tmp`. */
class Place {
  readonly folder = mkdtempSync(join(tmpdir(), "essay-here-"));
  readonly work = join(this.folder, "work");
  readonly log = join(this.folder, "acts");
  readonly #job: Job;

  constructor(job: Job) {
    this.#job = job;
    for (const name of ["home", "tmp", "work"]) mkdirSync(join(this.folder, name));
    if (job.before !== undefined)
      cpSync(job.before, this.work, { recursive: true, preserveTimestamps: true });
    appendFileSync(this.log, "");
  }

  /** What is between the program and its index, which begins with it. */
  async asks(): Promise<Exchanges | undefined> {
    const { index } = this.#job;
    if (index !== "own") return index === undefined ? undefined : startExchanges(index);
    const store = join(this.work, "store");
    mkdirSync(store);
    const { server } = indexServer(new Store(store), { uploads: true, log: () => {} });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const exchanges = await startExchanges(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    );
    const stopAsking = exchanges.stop;
    return Object.assign(exchanges, {
      stop: async () => {
        await stopAsking();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    });
  }

  /** Runs the program to its end. */
  run(index = "", told: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const { program: name, args, input = "" } = this.#job;
    const fill = (text: string) => text.replaceAll("{work}", this.work).replaceAll("{index}", index);
    return program(name, args.map(fill), {
      input: fill(input),
      cwd: this.work,
      env: {
        HOME: join(this.folder, "home"),
        TMPDIR: join(this.folder, "tmp"),
        NETRC: "",
        ESSAY_INDEX: index,
        PATH: pathWithBins,
        SOURCE_DATE_EPOCH: "1780000000",
        ...told,
      },
    });
  }

  /** What was done to files, and started. */
  acts(): string[] {
    const lines = readFileSync(this.log, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => line.replaceAll(this.folder, "").replace(/[0-9a-f]{8,}|\d{3,}/g, "*"));
  }

  /** What is left for a while in the folder for that. */
  temporary(): string[] {
    return readdirSync(join(this.folder, "tmp"));
  }

  /** What is half-done in the store of an index. */
  unfinished(): string[] {
    const folder = join(this.work, "store/.es-index");
    return existsSync(folder) ? readdirSync(folder).filter((name) => half.test(name)) : [];
  }

  async ended(): Promise<void> {
    await until("the end of what it had started", () => processesIn(this.folder).length === 0);
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a job has to do, and what it comes to when all goes well. */
export interface Sound {
  points: Point[];
  before: Map<string, string>;
  after: Map<string, string>;
}

/** Runs a job with nothing going wrong. */
export async function soundRun(job: Job): Promise<Sound> {
  const place = new Place(job);
  const exchanges = await place.asks();
  try {
    const before = contents(place.work);
    const ran = await place.run(exchanges?.url, {
      NODE_OPTIONS: `--import ${shim}`,
      FAULT_LOG: place.log,
    });
    if (ran.status !== 0) throw new Error(`${job.name} failed\n${ran.report}`);
    const acts = place.acts().flatMap((shown, index) =>
      mishaps
        .filter((mishap) => mishap !== "killed in the middle" || /write|append/i.test(shown))
        .filter((mishap) => mishap !== "disk full" || /^(handle|write|append|copy|mk|open)/.test(shown))
        .map((mishap): Point => ({ job, what: { act: index + 1, shown, mishap } })),
    );
    const asked = Array.from({ length: exchanges?.count ?? 0 }, (_, index) =>
      exchangeTroubles.map((trouble): Point => ({ job, what: { exchange: index + 1, trouble } })),
    );
    return { points: [...acts, ...asked.flat()], before, after: contents(place.work) };
  } finally {
    await exchanges?.stop();
    place.clear();
  }
}

function told(place: Place, { what }: Point): NodeJS.ProcessEnv {
  if (!("act" in what)) return {};
  const { act, mishap } = what;
  const options = `--import ${shim}`;
  return { NODE_OPTIONS: options, FAULT_LOG: place.log, FAULT_AT: String(act), FAULT_KIND: mishap };
}

/** Files that are neither as they were nor as they shall be. */
function torn(place: Place, { before, after }: Sound): string[] {
  return [...contents(place.work)]
    .filter(([path, is]) => !onItsWay(path) && before.get(path) !== is && after.get(path) !== is)
    .map(([path]) => `${path} is torn`);
}

/** Tries a case. */
export async function tryHere(point: Point, sound: Sound): Promise<Verdict> {
  const { job, what } = point;
  const place = new Place(job);
  const wrong: string[] = [];
  let code = "nothing";
  let exchanges: Exchanges | undefined;
  try {
    exchanges = await place.asks();
    if ("exchange" in what) exchanges?.plan(what.exchange, what.trouble);
    const ran = await place.run(exchanges?.url, told(place, point));
    const killed = "act" in what && what.mishap !== "disk full";
    // es-report has a table.
    const records = ran.signal === null && ran.stdout.startsWith("{") ? recordsOf(ran.stdout) : [];
    code = ran.signal ?? records[0]?.error?.code ?? (ran.status === 0 ? "ok" : `status ${ran.status}`);
    if (killed !== (ran.signal === "SIGKILL")) wrong.push(`it was not ended there\n${ran.report}`);
    if (!killed && ![0, 1].includes(ran.status ?? -1))
      wrong.push(`it ended with ${ran.status}\n${ran.report}`);
    if (!killed && ran.status === 1 && ran.stderr === "") wrong.push("it does not say why it failed");
    if (/\n\s+at /.test(ran.stderr)) wrong.push(`it shows a stack\n${ran.report}`);
    await place.ended();
    wrong.push(...torn(place, sound));
    const complete = [...sound.after].every(([path, is]) => contents(place.work).get(path) === is);
    if (ran.status === 0 && !complete) wrong.push(`it is called well and is not\n${ran.report}`);
    if (!killed) {
      wrong.push(...place.temporary().map((name) => `left ${name}`));
      wrong.push(...[...contents(place.work).keys()].filter(onItsWay).map((path) => `left ${path}`));
    }
    exchanges?.plan(0, "500");
    const again = await place.run(exchanges?.url);
    const mayRefuse = again.status === 2 && job.refuses?.test(again.stderr);
    if (again.status !== 0 && !mayRefuse) wrong.push(`the rerun failed\n${again.report}`);
    await place.ended();
    const now = contents(place.work);
    for (const path of new Set([...sound.after.keys(), ...now.keys()]))
      if (now.get(path) !== sound.after.get(path))
        wrong.push(`after the rerun ${path} is not as it shall be`);
    wrong.push(
      ...[...place.temporary(), ...place.unfinished()].map((name) => `left after the rerun: ${name}`),
    );
  } catch (error) {
    wrong.push((error as Error).message);
  } finally {
    await exchanges?.stop();
    place.clear();
  }
  return { name: nameOf(point), code, wrong };
}
