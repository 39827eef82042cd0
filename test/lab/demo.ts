// `npm run demo`: the main job from an empty directory to a switched nginx, on this machine alone. Each command
// is printed as a user would type it, and run by sh. `--keep` leaves all running and says how to end it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fetchPage } from "./http.js";
import { type LabIndex, startIndex } from "./index.js";
import { type LabNginx, nginxBin, startNginx } from "./nginx.js";
import { freePrefix } from "./ports.js";
import { bins, pathWithBins } from "./program.js";

const keep = process.argv.includes("--keep");
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const bold = (text: string) => (colour ? `\x1b[1m${text}\x1b[0m` : text);
const print = (line: string) => process.stdout.write(`${line}\n`);

const directory = mkdtempSync(join(tmpdir(), "essay-demo-"));
// nginx's workers run as another user.
chmodSync(directory, 0o755);
const project = join(directory, "essay_demo");
const servers = join(directory, "servers");

/** What a user would have in the environment of the shell. */
const environment: NodeJS.ProcessEnv = { ...process.env, PATH: pathWithBins };
for (const name of Object.keys(environment))
  if (/^(ESSAY_|PIP_|SOURCE_DATE_EPOCH$)/.test(name)) delete environment[name];
// git as on a machine where it was never set up, but for the name of whom commits are by.
Object.assign(environment, {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Essay Demo",
  GIT_AUTHOR_EMAIL: "demo@localhost",
  GIT_COMMITTER_NAME: "Essay Demo",
  GIT_COMMITTER_EMAIL: "demo@localhost",
});

let running: number | undefined;
let received: NodeJS.Signals | undefined;
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.on(name, () => {
    received ??= name;
    if (running !== undefined) process.kill(-running, name);
  });

/** Runs a command line by sh, after printing it; throws unless it ends with status 0. */
async function shell(line: string, cwd = project): Promise<void> {
  print(`${bold(`${basename(cwd)}$ ${line}`)}`);
  // In a group of its own: a signal goes to every stage of a pipeline, and by us to nobody twice.
  const child = spawn("sh", ["-c", line], {
    cwd,
    env: environment,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  running = child.pid;
  const [status, signal] = await once(child, "exit");
  running = undefined;
  if (received) throw new Error(`ended by ${received}`);
  if (status !== 0) throw new Error(`ended with ${signal ?? `status ${status}`}: ${line}`);
}

function chapter(title: string): void {
  print(`\n${bold(`# ${title}`)}`);
}

/** Shows what nginx serves; throws unless it is what it should be. */
async function look(url: string, expected: string): Promise<void> {
  print(bold(`essay_demo$ curl ${url}`));
  const { status, body } = await fetchPage(url);
  process.stdout.write(body);
  if (status !== 200 || !body.includes(expected))
    throw new Error(`expected ${expected}, got ${status} ${body}`);
}

/** What a user would write into essay.toml for this machine. */
function configure([a, b]: [string, string], nginx: LabNginx): void {
  const file = join(project, "essay.toml");
  const text = readFileSync(file, "utf8")
    .replace(/^prefix = .*$/m, `prefix = "${servers}"`)
    .replace(/^a = .*\nb = .*$/m, `a = "${a}"\nb = "${b}"`)
    .replace(/^# nginx = .*$/m, 'nginx = ["@local"]')
    .replace(/\n# \[nginx\][\s\S]*$/, `\n[nginx]\nbin = "${nginxBin}"\nconf = "${nginx.conf}"\n`);
  writeFileSync(file, text);
}

/** The version of a release record. */
function versionIn(file: string): string {
  return JSON.parse(readFileSync(join(project, file), "utf8")).version;
}

const build = (file: string) => `es-version next | es-sdist --branch master | es-wheel | es-upload > ${file}`;
const deploy = (version: string, side: string) =>
  `es-hosts dev | es-venv ${side} | es-pip essay_demo==${version} | es-supervisor up --profile test | es-check | es-report`;
const shutdown = (side: string) => `es-hosts dev | es-venv ${side} | es-supervisor shutdown | es-report`;

let index: LabIndex | undefined;
let nginx: LabNginx | undefined;

async function demo(): Promise<void> {
  print(`This demo works in ${directory}.`);

  chapter("A project, in git");
  await shell("es create essay_demo", directory);

  chapter("The machine: a package index, an nginx, and essay.toml which names them");
  index = await startIndex({ home: join(directory, "index"), lasting: keep });
  environment.ESSAY_INDEX = index.url;
  print(bold(`essay_demo$ es-index ${index.directory} &`));
  print(bold(`essay_demo$ export ESSAY_INDEX=${index.url}`));
  const prefixes: [string, string] = [await freePrefix(), await freePrefix()];
  const ports = (prefix: string) => [0, 1].map((last) => `127.0.0.1:${prefix}${last}`);
  nginx = await startNginx({
    directory: join(directory, "nginx"),
    upstreams: { upstreamA: ports(prefixes[0]), upstreamB: ports(prefixes[1]) },
    lasting: keep,
  });
  print(bold(`essay_demo$ ${nginxBin} -c ${nginx.conf}`));
  configure(prefixes, nginx);
  await shell('git diff --unified=0 essay.toml | grep "^+[^+]"');
  await shell('git commit --quiet --all --message "Deploy to this machine"');

  chapter("Version 1: built, uploaded, deployed to virtualenv a, checked");
  await shell(build("../release1.jsonl"));
  const first = versionIn("../release1.jsonl");
  await shell(deploy(first, "a"));
  await look(nginx.url, first);

  chapter("Version 2, deployed beside it to virtualenv b; nginx still serves version 1");
  await shell("sed -i 's/A small web service/A small and better web service/' pyproject.toml");
  await shell('git commit --quiet --all --message "Be better"');
  await shell(build("../release2.jsonl"));
  const second = versionIn("../release2.jsonl");
  await shell(deploy(second, "b"));
  await look(nginx.url, first);

  chapter("The switch: nginx serves version 2");
  await shell("es-hosts nginx | es-nginx-switch upstreamA upstreamB | es-report");
  await look(nginx.url, second);

  chapter("The rollback: version 1 again, as it still runs");
  await shell("es-hosts nginx | es-nginx-switch upstreamB upstreamA | es-report");
  await look(nginx.url, first);

  chapter("And forward again");
  await shell("es-hosts nginx | es-nginx-switch upstreamA upstreamB | es-report");
  await look(nginx.url, second);
}

/** Ends what was started. What cannot be ended is said, and its files stay. */
async function tidyUp(): Promise<void> {
  chapter("The end of what was started");
  let allEnded = true;
  for (const side of ["a", "b"].filter((name) => existsSync(join(servers, name))))
    await shell(shutdown(side)).catch((error: Error) => {
      process.stderr.write(`demo: ${error.message}\n`);
      process.exitCode = 1;
      allEnded = false;
    });
  await nginx?.stop();
  await index?.stop();
  if (allEnded) rmSync(directory, { recursive: true, force: true });
  else process.stderr.write(`demo: look at ${servers}: a supervisord may still run\n`);
}

function howToEnd(): void {
  const script = join(directory, "end.sh");
  writeFileSync(
    script,
    `# Ends what the demo left running, and takes its files away.
PATH=${bins}:$PATH
cd ${project} || exit
${shutdown("a")}
${shutdown("b")}
for pid in ${index?.pid} ${nginx?.pid()}; do
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
done
cd /
rm -rf ${directory}
`,
  );
  print(`\nAll is left running in ${directory}:
  ${nginx?.url}  what nginx serves
  ${project}  the project; its essay.toml names the rest
  ${servers}/a, ${servers}/b  the virtualenvs, with logs/ of their processes
  ${directory}/release1.jsonl, release2.jsonl  the records of the releases
  export ESSAY_INDEX=${index?.url} PATH=${bins}:$PATH  makes your shell ready for another release
To end it: sh ${script}`);
}

function summary(): void {
  print(`
Done: a project was made, built twice, uploaded, and deployed by the commands above; nginx went from version 1
to version 2, back, and forward again. Read on: README.md, man ./man/essay.7, and npm run demo -- --keep leaves
all of it running to look at.`);
}

let failure: unknown;
try {
  await demo();
} catch (error) {
  failure = error;
  process.stderr.write(`demo: ${(error as Error).message}\n`);
}
if (keep && !failure) {
  howToEnd();
} else {
  const cause = received;
  received = undefined;
  await tidyUp();
  received = cause;
  if (!failure) summary();
}
if (failure) process.exitCode = 1;
if (received) {
  process.removeAllListeners(received);
  process.kill(process.pid, received);
}
