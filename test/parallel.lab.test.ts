// The chapter SPREADING OVER MACHINES of essay(7), as it stands there: two control machines, which are two accounts
// on loopback, one of which dies in the middle.

import assert from "node:assert/strict";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { kill, processesOf, until } from "./lab/processes.js";
import { type Ran, scratch, shell } from "./lab/program.js";
import { labFor } from "./lab/reach.js";
import type { LabHost } from "./lab/sshd.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The package with all that it needs to run, where every account can read it. */
function install(directory: string): string {
  const needed = (file: string) => Object.keys(JSON.parse(readFileSync(file, "utf8")).dependencies ?? {});
  const packages = new Set(needed(join(root, "package.json")));
  for (const name of packages) {
    const file = join(root, "node_modules", name, "package.json");
    if (existsSync(file)) for (const other of needed(file)) packages.add(other);
  }
  for (const part of ["package.json", "lib", "dist", ...[...packages].map((name) => `node_modules/${name}`)])
    if (existsSync(join(root, part)))
      cpSync(join(root, part), join(directory, part), { recursive: true, verbatimSymlinks: true });
  return join(directory, "dist/path");
}

describe("a deploy that GNU parallel spreads over two control machines", () => {
  const started = labFor({
    hosts: 6,
    config: ["AcceptEnv *"],
    // What dies at once cannot take away the sockets of its session: they go with the lab.
    configOf: ({ home }) => [`  SetEnv TMPDIR=${home}`],
  });
  const controls = () => started.lab.hosts.slice(0, 2);
  const targets = () => started.lab.hosts.slice(2);

  /** What the chapter says that a control machine must have. */
  async function furnish(programs: string) {
    const { lab } = started;
    for (const { home, uid, gid } of controls()) {
      mkdirSync(join(home, ".ssh"), { mode: 0o700 });
      mkdirSync(join(home, "deploy"));
      writeFileSync(join(home, "deploy/essay.toml"), 'project = "essay_demo"\n');
      const config = readFileSync(lab.sshConfig, "utf8").replaceAll(
        `${lab.directory}/keys/client`,
        "~/.ssh/key",
      );
      writeFileSync(join(home, ".ssh/config"), config);
      writeFileSync(join(home, ".ssh/key"), readFileSync(lab.identityFile), { mode: 0o600 });
      await shell(`chown -R ${uid}:${gid} ${home} && ln -s ${programs} ${home}/programs`);
    }
  }

  /** An interpreter that writes a line to FILE.begun and waits until there is a FILE.go. */
  function waitingPython(name: string): string {
    const file = join(started.lab.directory, `python-${name}`);
    writeFileSync(`${file}.begun`, "");
    chmodSync(`${file}.begun`, 0o666); // each target writes as a user of its own
    const wait = `echo x >>${file}.begun\nuntil [ -e ${file}.go ]; do sleep 0.1; done`;
    writeFileSync(file, `#!/bin/sh\n${wait}\nexec /usr/bin/python3 "$@"\n`, { mode: 0o755 });
    return file;
  }

  /** Runs the chapter's pipeline, and has one of the control machines die while all targets are being worked on. */
  async function deploy(t: TestContext, name: string, flags: string): Promise<Ran> {
    const { lab } = started;
    const cwd = scratch(t);
    const python = waitingPython(name);
    const login = ({ user, address }: LabHost) => `ssh -F ${lab.sshConfig} ${user}@${address}`;
    const roles = `[roles.prod]\nhosts = ${JSON.stringify(targets().map(({ entry }) => entry))}\nprefix = "~/${name}"\n`;
    writeFileSync(join(cwd, "essay.toml"), roles);
    writeFileSync(
      join(cwd, "chunk"),
      `PATH=$HOME/programs:$PATH es-session --wait 30 sh -c '
  es-venv a --python ${python} --partial |
  es-venv a --partial --max-fail 100%'`,
    );
    const running = shell(
      `es-hosts prod |
parallel --pipe -N 2 -j 1 --sshlogin '${controls().map(login).join(",")}' --workdir deploy ${flags} --joblog log "$(cat chunk)" |
tee out | es-report; echo "status \${PIPESTATUS[1]} \${PIPESTATUS[3]}"; cat log`,
      { cwd, env: { ESSAY_SESSION: "", PARALLEL_HOME: cwd } },
    );
    const begun = () => readFileSync(`${python}.begun`, "utf8").split("\n").length - 1;
    await until("all targets to be worked on", () => begun() >= targets().length, 40_000);
    const [, dying] = controls();
    kill(processesOf((dying as LabHost).uid));
    writeFileSync(`${python}.go`, "");
    const ran = await running;
    return { ...ran, report: `${ran.report}--- records\n${readFileSync(join(cwd, "out"), "utf8")}` };
  }

  before(() => furnish(install(join(started.lab.directory, "essay"))));

  test("the last program says how many records are missing, and parallel which chunk", async (t) => {
    const ran = await deploy(t, "once", "");
    assert.match(ran.stdout, /^status 1 1$/m, ran.report);
    assert.match(ran.stderr, /^es-report: 2 of the 4 records of batch \w+ never came/m, ran.report);
    assert.match(ran.stdout, /^4 hosts: 2 ok \(2 changed\), 2 never came$/m, ran.report);
    assert.match(ran.stdout, /\t255\t0\tPATH=/, ran.report);
  });

  test("with --retries, the other one does the rest", async (t) => {
    const ran = await deploy(t, "again", "--retries 3");
    assert.match(ran.stdout, /^status 0 0$/m, ran.report);
    assert.match(ran.stdout, /^4 hosts: 4 ok/m, ran.report);
    assert.doesNotMatch(ran.stderr, /es-report: .* never came/, ran.report);
  });
});
