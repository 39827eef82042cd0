// The build pipeline as a whole: what passes through it, and what is left of it, and can be run again, when a step is
// interrupted, killed, or not read.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { quoteWord } from "../lib/base/quote.js";
import { arriving, type LabIndex, published, startIndex } from "./lab/index.js";
import { descendants, identity, until } from "./lab/processes.js";
import { pathWithBins, program, recordsOf, scratch, shell, underWay } from "./lab/program.js";
import { project, repository } from "./lab/repository.js";
import { backend, packed, selfBuilding } from "./lab/sdist.js";
import { releaseFile, tiny, wheelOfSize } from "./lab/tiny.js";
import { web } from "./lab/web.js";

const wheel = "essay_demo-6.11.21.1-py3-none-any.whl";
const sdist = "essay_demo-6.11.21.1.tar.gz";
const record = { project: "essay_demo", version: "6.11.21.1", released: "2026-11-21T08:00:00Z" };

let index: LabIndex;
before(async () => {
  index = await startIndex({ empty: true });
});
after(() => index.stop());

const codes = (stdout: string) => recordsOf(stdout).map(({ error }) => error?.code ?? "ok");

test("fields that no step knows come through; some fail, all fail, and the others are whole", async (t) => {
  const { directory } = await repository(t, selfBuilding(backend(wheel)));
  const cwd = scratch(t);
  const build = async (records: readonly object[]) => {
    const lines = records.map((each) => `${JSON.stringify(each).replace('"BIG"', "1e400")}\n`);
    const steps = `es-sdist -k --branch master --repo ${directory} | es-wheel -k | es-upload -k`;
    const ran = await shell(steps, {
      cwd,
      env: { ESSAY_INDEX: index.url, HOME: cwd },
      input: lines.join(""),
    });
    assert.equal(ran.status, 1, ran.report);
    return ran;
  };
  const odd = { ...record, note: { constructor: 1, list: [null] }, big: "BIG" };
  const wrongVersion = { ...record, version: "6.11.21.2" };
  const wrongProject = { ...record, project: "other" };
  const some = await build([odd, wrongVersion, wrongProject]);
  assert.deepEqual(codes(some.stdout), ["ok", "wrong-version", "wrong-project"], some.report);
  assert.match(some.stdout.split("\n")[0] ?? "", /"note":\{"constructor":1,"list":\[null\]\},"big":1e400,/);
  assert.deepEqual(published(index.directory), [wheel, sdist]);
  // What an earlier step has made of a release that failed later is there, and whole.
  assert.deepEqual(readdirSync(join(cwd, "dist")).sort(), [wheel, sdist, "essay_demo-6.11.21.2.tar.gz"]);
  const all = await build([wrongVersion, wrongProject]);
  assert.deepEqual(codes(all.stdout), ["wrong-version", "wrong-project"], all.report);
  assert.deepEqual(published(index.directory), [wheel, sdist]);
});

test("the same release twice in one stream is one release", async (t) => {
  const store = await startIndex({ empty: true });
  t.after(() => store.stop());
  const { directory } = await repository(t);
  const cwd = scratch(t);
  const line = `${JSON.stringify(record)}\n`;
  const ran = await shell(`es-sdist --branch master --repo ${directory} | es-upload`, {
    cwd,
    env: { ESSAY_INDEX: store.url, HOME: cwd },
    input: line + line,
  });
  assert.equal(ran.status, 0, ran.report);
  const [one, two] = recordsOf(ran.stdout);
  assert.equal(one.files[0].sha256, two.files[0].sha256);
  assert.deepEqual([one, two].map(({ uploaded }) => uploaded[0].outcome).sort(), ["present", "uploaded"]);
  assert.deepEqual(readdirSync(join(cwd, "dist")), [sdist]);
  assert.deepEqual(published(store.directory), [sdist]);
});

/** A step, and how to have it stand still in the middle of its work. */
interface Standing {
  args: readonly string[];
  input: string;
  /** Waits until it stands still. */
  inTheMiddle(): Promise<void>;
  /** What made it stand still may go on. */
  ended?(): void;
  /** From now on nothing stands still. */
  go(): void;
  /** Names of the files that it makes, and the folder for them. */
  made: readonly string[];
  folder: string;
}

/** A place where what has begun says so in one file, and goes on when there is another. */
function standing(t: TestContext) {
  const cwd = scratch(t);
  const [ready, may, folder] = [join(cwd, "ready"), join(cwd, "may"), join(cwd, "out")];
  const inTheMiddle = async () => {
    await until("the step to be in the middle", () => existsSync(ready));
    rmSync(ready);
  };
  return { cwd, ready, may, folder, inTheMiddle, go: () => writeFileSync(may, "") };
}

async function standingSdist(t: TestContext): Promise<Standing> {
  const { ready, may, ...place } = standing(t);
  const { directory } = await repository(t);
  const hook = `test -e '${may}' || { touch '${ready}'; sleep 1000; }`;
  const args = ["--repo", directory, "--branch", "master", "--pre-build", hook, "--out", place.folder];
  return { ...place, args, input: `${JSON.stringify(record)}\n`, made: [sdist] };
}

async function standingWheel(t: TestContext): Promise<Standing> {
  const { ready, may, ...place } = standing(t);
  const stand = `
if not os.path.exists("${may}"):
    import time
    open("${ready}", "w").close()
    time.sleep(1000)`;
  const release = await packed(t, selfBuilding(backend(wheel, stand)));
  const args = ["--index", index.url, "--out", place.folder];
  return { ...place, args, input: `${JSON.stringify(release)}\n`, made: [wheel] };
}

async function standingFetch(t: TestContext): Promise<Standing> {
  const { cwd, ready, may, ...place } = standing(t);
  const [, { path = "", filename = "", sha256 = "" } = {}] = tiny(join(cwd, "dist"));
  const bytes = readFileSync(path);
  const origin = await web(t, (request, response) => {
    if (!request.url?.endsWith(".whl")) {
      const link = `<a href="/${filename}#sha256=${sha256}">${filename}</a>`;
      response.setHeader("content-type", "text/html");
      return response.end(`<!DOCTYPE html><html><body><h1>Links for tiny</h1>${link}</body></html>`);
    }
    response.setHeader("content-length", bytes.length);
    if (existsSync(may)) return response.end(bytes);
    return response.write(bytes.subarray(0, 100), () => writeFileSync(ready, ""));
  });
  const args = ["tiny==1.0", "--from", `${origin}/simple/`, "--out", place.folder];
  return { ...place, args, input: "", made: [filename] };
}

async function standingUpload(t: TestContext): Promise<Standing> {
  const cwd = scratch(t);
  let stopped = 0;
  const goOn = () => stopped > 0 && process.kill(stopped, "SIGCONT");
  t.after(goOn);
  const store = await startIndex({ empty: true });
  t.after(() => store.stop());
  // More than what the two sockets hold.
  const filename = wheelOfSize(cwd, "1.0", 24 << 20);
  const release = { project: "large", version: "1.0", files: [releaseFile(cwd, filename, "1.0")] };
  return {
    args: ["--index", store.url],
    input: `${JSON.stringify(release)}\n`,
    inTheMiddle: async () => {
      while (arriving(store.directory).length === 0) await new Promise(setImmediate);
      stopped = store.pid;
      process.kill(stopped, "SIGSTOP");
    },
    ended: goOn,
    go: () => {},
    made: [filename],
    folder: store.directory,
  };
}

const shown = (folder: string) => (existsSync(folder) ? published(folder) : []);
const hidden = (folder: string) =>
  existsSync(folder)
    ? [...readdirSync(folder).filter((name) => name.endsWith(".part")), ...arriving(folder)]
    : [];

/** The processes that one has started, each under a name that no other one gets. */
function startedBy(pid: number | undefined): string[] {
  return descendants(pid ?? 0).flatMap((each) => identity(each) ?? []);
}

const runs = (started: string) => identity(Number.parseInt(started, 10)) === started;

const steps = {
  "es-sdist": standingSdist,
  "es-wheel": standingWheel,
  "es-fetch": standingFetch,
  "es-upload": standingUpload,
};

for (const [step, stand] of Object.entries(steps))
  test(`${step}: interrupted or killed in the middle, nothing is left, and the next run does it`, async (t) => {
    const { args, input, made, folder, ...standing } = await stand(t);
    const home = scratch(t);
    const temporary = scratch(t);
    const env = { ...process.env, HOME: home, NETRC: "", TMPDIR: temporary };
    const endBy = async (signal: NodeJS.Signals) => {
      const { child, seen, closed } = underWay(t, step, args, env, home);
      child.stdin.end(input);
      await standing.inTheMiddle();
      const started = startedBy(child.pid);
      child.kill(signal);
      assert.deepEqual(await closed, [null, signal], seen.stderr);
      assert.deepEqual(shown(folder), [], signal);
      await until("the end of what it had started", () => !started.some(runs));
      standing.ended?.();
      return seen;
    };
    const { stdout, stderr } = await endBy("SIGINT");
    // es-fetch makes its one record when all is there.
    assert.deepEqual(codes(stdout), step === "es-fetch" ? [] : ["cancelled"], stderr);
    assert.deepEqual(readdirSync(temporary), [], stderr);
    await until("what was on its way to go", () => hidden(folder).length === 0);
    assert.equal((await endBy("SIGKILL")).stdout, "");

    standing.go();
    const again = await program(step, args, { input, env, cwd: home });
    assert.equal(again.status, 0, again.report);
    assert.deepEqual(shown(folder), made);
    assert.deepEqual([hidden(folder), readdirSync(temporary)], [[], []], again.report);
  });

test("es-sdist: killed while it packs, no file has the name, and the next run takes away what there is", async (t) => {
  const { directory } = await repository(t, { ...project, "big.bin": randomBytes(8 << 20) });
  const out = join(scratch(t), "out");
  const args = ["--repo", directory, "--branch", "master", "--out", out];
  const input = `${JSON.stringify(record)}\n`;
  const { child, closed } = underWay(t, "es-sdist", args);
  child.stdin.end(input);
  while (!existsSync(out) || readdirSync(out).length === 0) await new Promise(setImmediate);
  child.kill("SIGKILL");
  await closed;
  const [part = "", ...others] = readdirSync(out);
  assert.match(part, /^\.essay_demo-6\.11\.21\.1\.tar\.gz\..*\.part$/);
  assert.deepEqual(others, []);
  const again = await program("es-sdist", args, { input });
  assert.equal(again.status, 0, again.report);
  assert.deepEqual(readdirSync(out), [sdist]);
});

test("nobody reads: whose record is lost is said, it is no success, and no file is half there", async (t) => {
  const cwd = scratch(t);
  const env = { ...process.env, HOME: cwd, NETRC: "", ESSAY_INDEX: index.url };
  const release = await packed(t, selfBuilding(backend(wheel)));
  const { directory } = await repository(t);
  tiny(index.directory, "1.0", "unread");
  const [file] = tiny(join(cwd, "made"), "2.0", "unread");
  const unread = { project: "unread", version: "2.0", files: [file] };
  const cases: [step: string, args: string[], input: object | undefined, who: string][] = [
    ["es-version", ["next", "--project", "unread"], undefined, "unread \\d+\\.\\d+\\.\\d+\\.1"],
    ["es-sdist", ["--repo", directory, "--branch", "master"], record, "essay_demo 6.11.21.1"],
    ["es-wheel", [], release, "essay_demo 6.11.21.1"],
    ["es-fetch", ["unread==1.0", "--from", index.url], undefined, "unread 1.0"],
    ["es-upload", [], unread, "unread 2.0"],
  ];
  for (const [step, args, input, who] of cases) {
    const { child, seen, closed } = underWay(t, step, args, env, cwd);
    child.stdout.destroy();
    child.stdin.end(input === undefined ? "" : `${JSON.stringify(input)}\n`);
    assert.equal((await closed)[0], 1, `${step}: ${seen.stderr}`);
    assert.match(seen.stderr, new RegExp(`^${step}: nobody read the records of: ${who}$`, "m"));
  }
  assert.deepEqual(readdirSync(join(cwd, "dist")).sort(), [wheel, sdist, "unread-1.0-py3-none-any.whl"]);
  assert.ok(published(index.directory).includes("unread-2.0.tar.gz"));
});

test("Ctrl-C in a pipeline: the last step tells of it, nothing is published, and the same again ends it", async (t) => {
  const store = await startIndex({ empty: true });
  t.after(() => store.stop());
  const { go, inTheMiddle, args } = await standingSdist(t);
  const cwd = scratch(t);
  const words = args.map(quoteWord).join(" ");
  const line = `es-version next --project essay_demo --date 2026-11-21 | es-sdist ${words} | es-upload >out`;
  const env = { ...process.env, PATH: pathWithBins, ESSAY_INDEX: store.url, HOME: cwd };
  const child = spawn("bash", ["-c", `${line}; touch next`], { cwd, env, stdio: "ignore", detached: true });
  await inTheMiddle();
  process.kill(-(child.pid ?? 0), "SIGINT");
  await once(child, "exit");
  const out = () => readFileSync(join(cwd, "out"), "utf8");
  await until("the end of the pipeline", () => recordsOf(out()).length === 1);
  const [cut] = recordsOf(out());
  assert.deepEqual([cut.version, cut.error.step, cut.error.code], ["6.11.21.1", "es-sdist", "cancelled"]);
  assert.deepEqual([existsSync(join(cwd, "next")), published(store.directory)], [false, []]);

  go();
  const again = await shell(line, { cwd, env });
  assert.equal(again.status, 0, again.report);
  assert.deepEqual(recordsOf(out())[0].version, "6.11.21.1");
  assert.deepEqual(published(store.directory), [sdist]);
});
