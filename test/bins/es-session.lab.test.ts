import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { commandLine, descendants, identity, until } from "../lab/processes.js";
import { pathWithBins, recordsOf, shell } from "../lab/program.js";
import { labFor } from "../lab/reach.js";
import { quiet, slowPython } from "../lab/slow.js";

describe("steps in a session", () => {
  const started = labFor({ hosts: 4 });
  const accepted = () => started.lab.log().match(/Accepted publickey/g)?.length ?? 0;
  const env = () => ({ ESSAY_SESSION: "", ESSAY_SSH_CONFIG: started.lab.sshConfig });
  const hosts = () => started.lab.inventory.join(" ");

  test("four steps on four hosts: four connections, also with fewer places than hosts", async () => {
    const reach = `node ${new URL("../lab/steps/es-reach.js", import.meta.url).pathname}`;
    const before = accepted();
    const script = `es-session -j 2 sh -c 'es-hosts ${hosts()} | ${reach} | ${reach} -k -j 3 | ${reach} | ${reach}'`;
    const ran = await shell(script, { env: env() });
    assert.equal(ran.status, 0, ran.report);
    const records = recordsOf(ran.stdout);
    assert.deepEqual(
      records.map(({ said, error }) => [said, error]),
      Array(4).fill(["hello\n", undefined]),
    );
    assert.equal(accepted() - before, 4, ran.report);
  });

  test("with --ssh openssh, one master connection for each host", async () => {
    const reach = `node ${new URL("../lab/steps/es-reach.js", import.meta.url).pathname} --ssh openssh`;
    const before = accepted();
    const ran = await shell(`es-session sh -c 'es-hosts ${hosts()} | ${reach} | ${reach}'`, { env: env() });
    assert.equal(ran.status, 0, ran.report);
    assert.equal(recordsOf(ran.stdout).length, 4);
    assert.equal(accepted() - before, 4, ran.report);
  });

  /** A session in which es-venv is at work on all hosts. */
  async function atWork(t: TestContext, name: string) {
    const { lab } = started;
    const python = slowPython(lab.directory);
    const out = join(lab.directory, name);
    const script = `es-hosts ${hosts()} --prefix '~/x' | es-venv a --python ${python} >${out}; echo on >${out}.next; exec sleep 1000`;
    writeFileSync(out, "");
    const child = spawn("es-session", ["sh", "-c", script], {
      cwd: lab.directory,
      env: { ...process.env, ...env(), PATH: pathWithBins },
      stdio: ["ignore", "ignore", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    const closed = once(child, "close");
    await until("the hosts at work", () => readFileSync(`${python}.started`, "utf8").split("\n").length > 4);
    const all = descendants(child.pid as number);
    return {
      child,
      closed,
      out,
      all,
      step: all.find((pid) => /^\S*node \S*es-venv a/.test(commandLine(pid))),
    };
  }

  test("a step that is killed with -9 leaves nothing running on hosts", async (t) => {
    const { child, closed, out, step, all } = await atWork(t, "step");
    process.kill(step as number, "SIGKILL");
    await until("the script to go on", () => existsSync(`${out}.next`));
    await quiet(started.lab);
    assert.notEqual(identity(child.pid as number), undefined);
    child.kill("SIGTERM");
    await closed;
    await until("the end of all", () => all.every((pid) => identity(pid) === undefined));
  });

  test("es-session that is killed with -9 leaves nothing running, here or there", async (t) => {
    const { child, closed, out, all } = await atWork(t, "session");
    child.kill("SIGKILL");
    await closed;
    await quiet(started.lab);
    await until("the end of all", () => all.every((pid) => identity(pid) === undefined));
    const codes = recordsOf(readFileSync(out, "utf8")).map(({ error }) => error.code);
    assert.deepEqual(codes, Array(4).fill("connection-lost"));
  });
});
