// What each step has to do in the cases of the table: the host before it, its words, where it stands still, what it
// lacks, and how one sees that its work is done.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { templateOf } from "../lab/daemon.js";
import type { Ground, Slow } from "./ground.js";
import type { StepName, TaskName } from "./step-table.js";

/** Runs a step on the host, without any fault, and expects that it goes well. */
export type RunWell = (step: StepName, args: readonly string[]) => Promise<void>;

/** What a step has to do. */
export interface Deed {
  args: readonly string[];
  /** What the record has more than every record of the host. */
  record?: object;
  /** Whether a virtualenv is there. */
  venv?: false;
  /** More of the host before it. */
  begin?(ground: Ground, run: RunWell): Promise<void> | void;
  /** Whether all that was wanted is so. */
  done(ground: Ground): boolean;
  /** A note of its own of what was cut short. */
  cut?(ground: Ground): boolean;
}

/** With what goes wrong in the cases of the table. */
export interface Work extends Deed {
  slow: Slow;
  /** KiB that are left on a full disk, and in a full /tmp. */
  room: number;
  /** What the account may not change; or may not read, with mode 0700; or the program that it may not run. */
  closed: { path: string; mode: number } | { program: string };
  /** The program that is missing; or what is taken out of the virtualenv instead. */
  tool: { program: string } | { path: string };
}

const version = "import sys; print('python%d.%d' % sys.version_info[:2], end='')";
const site = `a/lib/${execFileSync("/usr/bin/python3", ["-c", version])}/site-packages`;

/** How long a step may take in the cases in which it takes too long: enough to come to where it stands still. */
export const limit = "14";

/** Files that the steps read, in a folder in which they are run. */
export function writeInputs(folder: string): void {
  writeFileSync(join(folder, "small"), "{{host}}\n");
  writeFileSync(join(folder, "big"), `${"x".repeat(99)}\n`.repeat(3000));
  // Longer than a block of a disk.
  const comment = `; ${"x".repeat(8000)}\n`;
  const program = 'command=/bin/sleep 1000\nstartsecs=1\nenvironment=PROFILE="{{profile}}"\n';
  const live = "[program:worker]\ncommand=/bin/sleep 1000\nautostart=false\n[group:live]\nprograms=worker\n";
  writeFileSync(join(folder, "supervisord.conf"), `${comment}${templateOf(program)}${live}`);
}

const up = (profile: string) =>
  [
    "up",
    "--template",
    "supervisord.conf",
    "--project",
    "demo",
    "--port-prefix",
    "880",
    "--profile",
    profile,
  ] as const;

const python: Slow = { program: "python3", words: "*", at: "beginning" };
const text = (ground: Ground, path: string) => {
  const file = ground.seen(path);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};

const isStarted = (ground: Ground) => existsSync(ground.seen("a/.essay/started"));
const isActive = (ground: Ground) => existsSync(ground.seen("a/.essay/active"));

/** The processes that were there before, of those hosts where that matters. */
const former = new WeakMap<Ground, readonly string[]>();

/** A verb of es-supervisor for processes that run. */
const verb = (...args: string[]) => ({
  args,
  begin: async (ground: Ground, run: RunWell) => {
    await run("es-supervisor", up("old"));
    former.set(ground, ground.supervised());
  },
  room: 0,
  closed: { path: "a/etc", mode: 0o700 },
  tool: { program: "supervisord" },
});

/** How many of the processes run that ran before. */
const kept = (ground: Ground) =>
  ground.supervised().filter((line) => former.get(ground)?.includes(line)).length;

export const works: Record<TaskName, Work> = {
  "es-venv": {
    args: ["a"],
    venv: false,
    slow: { program: "python3", words: "*' -m venv '*", at: "end" },
    room: 2048,
    closed: { path: "", mode: 0o755 },
    tool: { program: "python3" },
    done: (ground) => existsSync(ground.seen("a/bin/pip")),
  },
  "es-pip": {
    args: ["tiny==1.0"],
    // pip is through, and nothing of it is known yet.
    slow: { program: "tee", words: "*", at: "end" },
    room: 40,
    closed: { path: site, mode: 0o755 },
    tool: { path: `${site}/pip` },
    done: (ground) => existsSync(ground.seen(`${site}/tiny.py`)),
  },
  "es-conf": {
    args: ["small:etc/small", "big:etc/big"],
    // The files are there, and processes that run do not know them.
    slow: { program: "python3", words: "*' put '*", at: "end" },
    room: 64,
    closed: { path: "a/etc", mode: 0o755 },
    tool: { program: "python3" },
    done: (ground) =>
      text(ground, "a/etc/big").length === 300_000 && text(ground, "a/.essay/generation") !== "",
  },
  "es-run": {
    args: ["--cd", "tmp", "--", "touch", "worked"],
    slow: { program: "touch", words: "*", at: "beginning" },
    room: 0,
    closed: { program: "touch" },
    tool: { program: "touch" },
    done: (ground) => existsSync(ground.seen("a/tmp/worked")),
  },
  "es-supervisor": {
    args: up("new"),
    begin: async (_, run) => run("es-supervisor", up("old")),
    // The old processes have ended.
    slow: { program: "supervisord", words: "*", at: "beginning" },
    room: 0,
    closed: { path: "a/etc", mode: 0o755 },
    tool: { program: "supervisord" },
    done: (ground) =>
      /PROFILE="new"/.test(text(ground, "a/etc/supervisord.conf")) && ground.supervised().length === 2,
    cut: (ground) => !isStarted(ground),
  },
  "es-check": {
    args: ["--", "ls", "/"],
    record: { processes: [{ name: "demo", state: "RUNNING", pid: 1, port: 8800 }] },
    slow: { program: "ls", words: "*", at: "beginning" },
    room: 0,
    closed: { program: "ls" },
    tool: { program: "ls" },
    done: () => true,
  },
  "es-status": {
    args: [],
    slow: python,
    room: 0,
    closed: { path: "", mode: 0o700 },
    tool: { program: "python3" },
    done: () => true,
  },
  "es-supervisor stop": {
    ...verb("stop", "all"),
    // All have ended, and nobody knows.
    slow: { program: "python3", words: "*' stop '*", at: "end" },
    done: (ground) => ground.supervised().length === 1,
  },
  "es-supervisor restart": {
    ...verb("restart", "all"),
    // All have ended, and none is started yet.
    slow: { program: "python3", words: "*' start '*", at: "beginning" },
    done: (ground) => ground.supervised().length === 2 && kept(ground) === 1,
    // es-status and es-check tell of it.
    cut: (ground) => ground.supervised().length < 2,
  },
  "es-supervisor reload": {
    ...verb("reload", ...up("old").slice(1)),
    slow: { program: "supervisord", words: "*", at: "beginning" },
    done: (ground) => ground.supervised().length === 2 && kept(ground) === 0,
    cut: (ground) => !isStarted(ground),
  },
  "es-supervisor shutdown": {
    ...verb("shutdown"),
    begin: async (ground, run) => {
      await verb().begin(ground, run);
      await run("es-supervisor", ["activate"]);
    },
    // Everything runs still.
    slow: { program: "rm", words: "*'/active '*", at: "end" },
    done: (ground) => ground.supervised().length === 0 && !isActive(ground),
    cut: (ground) => ground.supervised().length > 0 && !isActive(ground),
  },
  "es-supervisor activate": {
    ...verb("activate"),
    // It is to run, and does not.
    slow: { program: "python3", words: "*' start '*", at: "beginning" },
    done: (ground) => ground.supervised().length === 3 && kept(ground) === 2,
    cut: (ground) => isActive(ground) && ground.supervised().length < 3,
  },
};

/** Something that a step has to do on a host. */
export interface Task {
  name: string;
  step: StepName;
  work: Deed;
}

/** The step of a task. */
export const stepOf = (name: TaskName) => name.split(" ")[0] as StepName;

/** All that steps do on hosts in the great run. */
export const tasks: readonly Task[] = [
  ...(Object.keys(works) as TaskName[]).map((name) => ({ name, step: stepOf(name), work: works[name] })),
  {
    name: "es-venv --remove",
    step: "es-venv",
    work: { args: ["a", "--remove"], done: (ground) => !existsSync(ground.seen("a")) },
  },
];
