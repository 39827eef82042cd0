// What the programs that work on this machine have to do in the great run.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectStatus, recordsOf } from "../lab/program.js";
import { backend } from "../lab/sdist.js";
import { tiny } from "../lab/tiny.js";
import type { Job } from "./here.js";

const wheel = "essay_demo-6.11.21.1-py3-none-any.whl";
const release = { project: "essay_demo", version: "6.11.21.1", released: "2026-11-21T08:00:00Z" };
// What does not end within so many seconds is given up: many, for a machine that has much to do; pip takes its time.
const patience = (seconds: number) => ["--timeout", String(seconds)];

const pyproject = `[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "essay_demo"
version = "0"
`;

const fabfile = `from fabric.state import env
env.GIT_SERVER = 'https://git.example/'
env.PROJECT = 'essay_demo'
env.PROJECT_OWNER = 'team'
env.PYPI_INDEX = 'http://pypi.example/simple/'
env.roledefs = {'dev': ['essay@10.0.0.7:2202', '10.0.0.8']}
`;

const step = (name: string, ms: number) => ({
  step: name,
  args: [],
  at: "2026-11-22T08:00:00Z",
  ms,
  changed: true,
});

/** A repository with one commit. */
function makeRepository(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "pyproject.toml"), pyproject);
  writeFileSync(join(folder, "backend.py"), backend(wheel));
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args]);
  git("init", "--quiet", "--initial-branch", "master");
  git("add", "--all");
  git("commit", "--quiet", "--message", "one");
}

/** `folder`: for what the jobs need; `index`: one that has the project tiny, whose pages stay as they are. */
export async function makeJobs(folder: string, index: string): Promise<Job[]> {
  const repository = join(folder, "repository");
  makeRepository(repository);
  const inFolder = (name: string, files: Record<string, string>) => {
    mkdirSync(join(folder, name));
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, name, path), text);
    return join(folder, name);
  };
  const pack = ["--repo", repository, "--branch", "master"];
  const input = `${JSON.stringify(release)}\n`;
  const built = join(folder, "built");
  const ran = await expectStatus(0, "es-sdist", [...pack, "--out", join(built, "dist")], { input });
  const made = join(folder, "made");
  const files = tiny(join(made, "dist"));
  /** A record with the files below the folder of the case. */
  const moved = (record: object, from: string) => `${JSON.stringify(record).replaceAll(from, "{work}")}\n`;
  const hosts = ["web1", "web2"].map((host) =>
    JSON.stringify({ host, batch: { id: "x", size: 2 }, trace: [step("es-venv", 100), step("es-pip", 900)] }),
  );
  return [
    { program: "es-version", args: ["next", "--project", "tiny", ...patience(20)], index },
    { program: "es-version", args: ["next", "--project", "tiny", ...patience(20), "--", "cat"], index },
    { program: "es-sdist", args: pack, input },
    {
      program: "es-wheel",
      args: patience(60),
      input: moved(recordsOf(ran.stdout)[0], built),
      before: built,
      index,
    },
    { program: "es-fetch", args: ["tiny==1.0", "--from", "{index}", ...patience(40)], index },
    {
      program: "es-upload",
      args: patience(20),
      input: moved({ project: "tiny", version: "1.0", files }, made),
      before: made,
      index: "own",
    },
    {
      program: "es-index",
      args: ["store", "--", "es-upload", ...patience(60)],
      input: moved({ project: "tiny", version: "1.0", files }, made),
      before: made,
    },
    { program: "es-init", args: [] },
    { program: "es-init", args: ["-t", "django"] },
    {
      program: "es-import",
      args: ["-o", "essay.toml", "fabfile.py"],
      refuses: /essay\.toml is there already/,
      before: inFolder("fabric", { "fabfile.py": fabfile }),
    },
    { program: "es-report", args: ["--html", "report.html"], input: `${hosts.join("\n")}\n` },
    { program: "es-session", args: ["es-hosts", "@local"] },
    { program: "es-roll", args: ["1,100%", "--", "es-pick", "--ok"], input: `${hosts.join("\n")}\n` },
    { program: "es", args: ["hosts", "@local"] },
  ].map((job) => {
    const words = [job.program, ...job.args].join(" ");
    return { ...job, name: words.replace(/ --timeout \d+/, "").replaceAll(`${folder}/`, "") };
  });
}
