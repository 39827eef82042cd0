// Runs the tests: all of them, or with "unit" the quick ones, or those whose file name contains one of the
// words given. A file with .lab. in its name needs the lab.

import { execFileSync, spawn } from "node:child_process";
import { once, setMaxListeners } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { run } from "node:test";
import { spec, tap } from "node:test/reporters";
import { fileURLToPath } from "node:url";

/** Tests that start programs many times over. */
const startsPrograms =
  /^(bins\/|faults\/|hostile\/|lib\/(attempts|step|cli|interrupt|host-(run|step)|fabfile\/read|remote\/|transport\/|package\/(checkout|sdist))|structure|es-cancel)/;

const needsLab = (file: string) => file.includes(".lab.");

/**
 * Those that take longest, as the end of a run says: one that began last would have a processor to itself. Those that
 * mostly wait stand beside those that mostly compute.
 */
const longest = [
  "bins/es-nginx-switch-network.lab",
  "man.lab",
  "sides.lab",
  "faults/steps.lab",
  "bins/es-venv.lab",
  "bins/es-supervisor.lab",
  "deploy.lab",
  "bins/es-status.lab",
  "python-tool.lab",
  "lib/remote/supervisor.lab",
  "django.lab",
  "faults/sample.lab",
  "lab/demo.lab",
  "hostile/terminal",
  "bins/es-wheel.lab",
  "bins/es-pip.lab",
  "bins/es-nginx-switch.lab",
  "lib/templates/webpy.lab",
  "bins/es-nginx-switch-cut.lab",
  "build.lab",
  "bins/es-pip-index.lab",
  "network.lab",
  "soak/sample.lab",
  "bins/es-pip-half.lab",
  "bins/es-pip-release.lab",
  "structure",
].map((name) => `${name}.test.js`);

const here = fileURLToPath(new URL(".", import.meta.url));
const words = process.argv.slice(2);
const all = readdirSync(here, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js"))
  .sort();
const gone = longest.filter((file) => !all.includes(file));
if (gone.length > 0) throw new Error(`no such test file: ${gone.join(" ")}`);
const files = [...longest, ...all.filter((file) => !longest.includes(file))].filter((file) =>
  words[0] === "unit"
    ? !needsLab(file) && !startsPrograms.test(file)
    : words.length === 0 || words.some((word) => file.includes(word)),
);
if (files.length === 0) throw new Error(`no test file matches ${words.join(" ")}`);

// What the caller's environment says is not for the tests: PYTHONDONTWRITEBYTECODE has each start of pip compile it.
for (const name of Object.keys(process.env))
  if (
    /^(PIP_|PYTHON|ESSAY_|TWINE_|NO_COLOR$|SSH_AUTH_SOCK$|SOURCE_DATE_EPOCH$|NODE_EXTRA_CA_CERTS$)/.test(name)
  )
    delete process.env[name];
// What stands in PATH may be a shim that takes longer to find the interpreter than Python takes to start.
const python = execFileSync("python3", ["-I", "-c", "import sys; print(sys.executable)"], {
  encoding: "utf8",
});
// At each start pip tells which rustc there is, and to ask rustup's for it takes long, too.
const folders = (process.env.PATH ?? "").split(":").filter((folder) => !existsSync(join(folder, "rustup")));
Object.assign(process.env, {
  PIP_CONFIG_FILE: "/dev/null",
  LC_ALL: "C.UTF-8",
  PATH: [dirname(python.trim()), ...folders].join(":"),
});

/** Files at once: more than half of what each does is waiting, and three left two processors idle for a third of the time. */
const atOnce = 5;
/** Files that take so many seconds are named at the end. */
const long = 10;

/** Seconds of processor time of what has ended below this process (proc_pid_stat(5)), of which a tick is 10 ms. */
function processorTime(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** Runs test files, in this order (node --test would sort them by name); false when a test failed. */
async function runFiles(chosen: readonly string[]): Promise<boolean> {
  if (chosen.length === 0) return true;
  const interrupt = new AbortController();
  // Every file listens to it.
  setMaxListeners(0, interrupt.signal);
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupt.abort());
  let good = true;
  const tests = run({
    files: chosen.map((file) => join(here, file)),
    concurrency: atOnce,
    signal: interrupt.signal,
  });
  tests.on("test:fail", () => {
    good = false;
  });
  const times = new Map<string, number>();
  for (const event of ["test:pass", "test:fail"] as const)
    tests.on(event, ({ file = "", nesting, details }) => {
      if (nesting === 0) times.set(file, (times.get(file) ?? 0) + details.duration_ms / 1000);
    });
  const output = process.stdout.isTTY ? tests.compose(new spec()) : tests.compose(tap);
  for await (const text of output) process.stdout.write(text);
  for (const [file, seconds] of [...times].sort(([, a], [, b]) => b - a))
    if (seconds >= long) process.stdout.write(`# ${seconds.toFixed(0)} s  ${relative(here, file)}\n`);
  process.stdout.write(`# ${processorTime().toFixed(0)} s of processor time\n`);
  return good && !interrupt.signal.aborted;
}

/** Runs the tests of the lab, which makes users and hosts for them, as root. */
async function runAsRoot(chosen: readonly string[]): Promise<boolean> {
  if (chosen.length === 0) return true;
  const sudo = ["-n", "-H", "--preserve-env", "env", `PATH=${process.env.PATH}`];
  const again = [process.execPath, fileURLToPath(import.meta.url), ...chosen];
  const [status] = await once(spawn("sudo", [...sudo, ...again], { stdio: "inherit" }), "exit");
  return status === 0;
}

process.chdir(here);
const isRoot = process.getuid?.() === 0;
const good = [
  await runFiles(files.filter((file) => isRoot || !needsLab(file))),
  isRoot || (await runAsRoot(files.filter(needsLab))),
].every(Boolean);
if (!good) process.exitCode = 1;
