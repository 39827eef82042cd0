// Three real balancers that a switch can be stopped on, at each of its points, with users who watch.

import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fetchPage } from "./http.js";
import { type LabNginx, startNginx } from "./nginx.js";
import { commandLine, processesOf, until } from "./processes.js";
import { underWay } from "./program.js";
import { type LabHost, type SshLab, startSshd } from "./sshd.js";
import { web } from "./web.js";

/** In the place of nginx: stops where the home has a file pause-KIND-NUMBER; -t is of kind t, -T of kind T. */
const stoppable = `#!/bin/sh
case $* in
    *-t) kind=t ;;
    *-T) kind=T ;;
    *)
        if [ -e "$HOME/edit" ] && [ -e "$HOME/asked-T" ]; then
            rm "$HOME/edit"
            echo "# mine" >>"$HOME/nginx/conf/nginx.conf"
        fi
        exec /usr/sbin/nginx "$@"
        ;;
esac
echo >>"$HOME/asked-$kind"
pause=$HOME/pause-$kind-$(wc -l <"$HOME/asked-$kind")
[ ! -e "$pause" ] || : >"$HOME/paused"
while [ -e "$pause" ]; do sleep 0.1; done
exec /usr/sbin/nginx "$@"
`;

const serving = async (t: TestContext, text: string) =>
  new URL(await web(t, (_, response) => response.end(text))).host;

export interface Balanced {
  ssh: SshLab;
  hosts: LabHost[];
  all: LabNginx[];
  /** The records of all. */
  input: string;
  /** Flags that lead there. */
  flags: string[];
  /** The files with the name, as they are at first: side A is served. */
  before: string[];
  /** The program that stops where a test wants it to. */
  bin: string;
}

/** A record for each host, by this port where one is given. */
export const recordsFor = (hosts: readonly LabHost[], port?: number) =>
  hosts
    .map((host) => `${JSON.stringify({ host: host.address, user: host.user, port: port ?? host.port })}\n`)
    .join("");

/** Three balancers, each a host with an account of its own. */
export async function balanced(t: TestContext): Promise<Balanced> {
  const lab = await startSshd({ hosts: 3 });
  t.after(() => lab.stop());
  const upstreams = { upstreamA: [await serving(t, "side A")], upstreamB: [await serving(t, "side B")] };
  const all: LabNginx[] = [];
  for (const user of lab.hosts)
    all.push(await startNginx({ upstreams, user, directory: join(user.home, "nginx") }));
  mkdirSync(join(lab.directory, "bin"), { mode: 0o755 });
  const bin = join(lab.directory, "bin/nginx");
  writeFileSync(bin, stoppable, { mode: 0o755 });
  const input = recordsFor(lab.hosts);
  const flags = ["--ssh-config", lab.sshConfig, "--conf", "~/nginx/conf/nginx.conf"];
  const before = all.map(({ conf }) => readFileSync(conf, "utf8"));
  return { ssh: lab, hosts: lab.hosts, all, input, flags, before, bin };
}

export const pages = ({ all }: Balanced) =>
  Promise.all(all.map(async (nginx) => (await fetchPage(nginx.url)).body.replace("side ", "")));

/** What is beside the files, but for what a switch that was taken back leaves, and the processes that would switch back. */
export const leftovers = ({ all, hosts }: Balanced) => [
  ...all.flatMap(({ directory }) =>
    readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
      /essay-(?!read$)/.test(name),
    ),
  ),
  ...hosts.flatMap(({ uid }) => processesOf(uid).map(commandLine)).filter((line) => /essay-guard/.test(line)),
];

/** Has the program stop at such places, on these balancers, and goes on where it has stopped elsewhere. */
export function stopAt(lab: Balanced, places: readonly number[], what: string): void {
  for (const [place, { home }] of lab.hosts.entries()) {
    for (const name of readdirSync(home))
      if (/^(asked|pause|paused|edit)/.test(name)) rmSync(join(home, name));
    if (places.includes(place)) writeFileSync(join(home, what), "");
  }
}

/** Users of all balancers: whoever gets anything but one of the two sides is counted. */
export function users(t: TestContext, { all }: Balanced): () => Promise<void> {
  let over = false;
  let served = 0;
  const wrong: string[] = [];
  const one = async ({ url }: LabNginx) => {
    while (!over) {
      const said = await fetchPage(url).catch((error: Error) => ({ status: 0, body: error.message }));
      if (said.status === 200 && /^side [AB]$/.test(said.body)) served++;
      else wrong.push(`${said.status} ${said.body}`);
      await pause(50);
    }
  };
  const going = all.map(one);
  t.after(() => {
    over = true;
  });
  return async () => {
    over = true;
    await Promise.all(going);
    assert.deepEqual(wrong, []);
    assert.ok(served > 10, `only ${served} were served`);
  };
}

/** Lets the time for confirming be over. */
export function letTimeGoBy({ all }: Balanced): void {
  for (const { directory } of all) {
    const note = join(directory, "conf/.nginx.conf.essay-switch");
    if (existsSync(note)) appendFileSync(note, "until 0\n");
  }
}

/** A moment of a switch to B. */
export interface Point {
  what: string;
  /** The balancers on which the program stops, and where. */
  places: readonly number[];
  pause: string;
  /** What the three serve then. */
  pages: string;
}

export const points: readonly Point[] = [
  { what: "before the edit", places: [2], pause: "pause-T-1", pages: "AAA" },
  { what: "after the edit", places: [1], pause: "pause-t-1", pages: "AAA" },
  { what: "after the test", places: [0, 1, 2], pause: "pause-T-2", pages: "AAA" },
  { what: "between reloads", places: [2], pause: "pause-T-2", pages: "BBA" },
];

/** A switch to B that has come to this point. */
export async function switching(
  t: TestContext,
  lab: Balanced,
  { what, places, pause: file, pages: then }: Point,
  more: readonly string[] = [],
) {
  stopAt(lab, places, file);
  const args = [...lab.flags, "--bin", lab.bin, ...more, "upstreamA", "upstreamB"];
  const run = underWay(t, "es-nginx-switch", args);
  run.child.stdin.end(lab.input);
  const paused = () => places.every((place) => existsSync(join(lab.hosts[place]?.home ?? "", "paused")));
  await until(`${what} ${run.seen.stderr}`, paused);
  // The others have come as far as they come.
  const [, kind] = /^pause-(.)/.exec(file) ?? [];
  await until(what, () => lab.hosts.every(({ home }) => existsSync(join(home, `asked-${kind}`))));
  // For a moment, the worker that goes may still answer.
  const served = async () => (await pages(lab)).join("") === then;
  await until(
    `pages ${then}`,
    async () => (await served()) && lab.all.every((nginx) => nginx.workers().length === 1),
  );
  return run;
}

/** Asserts that all is as it was at first. */
export async function allBack(lab: Balanced, what: string): Promise<void> {
  assert.equal((await pages(lab)).join(""), "AAA", what);
  assert.deepEqual(
    lab.all.map(({ conf }) => readFileSync(conf, "utf8")),
    lab.before,
    what,
  );
  assert.deepEqual(leftovers(lab), [], what);
}

/** Waits until the balancers have gone back by themselves, and nothing is left of that. */
export async function goneBack(lab: Balanced, what: string): Promise<void> {
  await until("all to go back", () => leftovers(lab).length === 0, 40_000);
  await allBack(lab, what);
}
