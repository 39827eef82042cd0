// A person's first ten minutes: the programs are installed from the package, and then README.md is followed to the
// letter, at a terminal, on two SSH hosts that are called as there. What the terminal shows is what README.md shows.

import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { committer, releaseDay } from "./lab/deployment.js";
import { startIndex } from "./lab/index.js";
import { pattern } from "./lab/manual.js";
import { hostsFile, knowing, sshHost } from "./lab/names.js";
import { startNginx } from "./lab/nginx.js";
import { expectStatus, scratch } from "./lab/program.js";
import { Screen } from "./lab/screen.js";
import { startSshd } from "./lab/sshd.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const section = /^## Ten minutes .*?(?=^## )/ms.exec(readme)?.[0] ?? "";
/** Its displays, as they are typed or written into a file. */
const displays = [...section.matchAll(/(?:^ {4}.*\n|\n(?= {4}))+/gm)].map(([text]) =>
  text.replace(/^ {4}/gm, "").trim(),
);
const shown = displays.filter((text) => text.startsWith("$ ")).join("\n");
const terminal = join(root, "test/lab/terminal.py");
const columns = 160;
const rows = 200;
const names = ["web1", "web2"];

/** What a person with an editor makes of a configuration: the lines of each table of `more` stand in that table. */
function edited(toml: string, more: string): string {
  return more.split(/^(?=\[)/m).reduce((text, part) => {
    const [heading = "", ...lines] = part.trim().split("\n");
    const added = `${heading}\n${lines.join("\n")}`;
    return text.includes(`\n${heading}\n`) ? text.replace(heading, added) : `${text}\n${added}\n`;
  }, toml);
}

/** Times and loads are never the same twice, and what stands in a column behind them moves. */
const masked = (text: string) =>
  text
    .replace(/(?:\d+ min )?\d+(\.\d)? s\b/g, "# s")
    .replace(/\d+\.\d+(?=\/\d)|\d+(?:\.\d)?(?=[%M]\s)|\d{4}-\d\d-\d\dT[\d:]+Z|(?<=\s)3\.\d+\.\d+(?=\s)/g, "#")
    .replace(/\/\d+(?= +a )/g, "/#")
    .replace(/ {2,}/g, "  ");

test("README.md, from npm pack to a rollback", async (t) => {
  assert.ok(displays.length > 4, "the section is not found any more");
  const directory = scratch(t);
  chmodSync(directory, 0o755);
  const at = (name: string) => join(directory, name);

  const npm = {
    npm_config_prefix: at("prefix"),
    npm_config_pack_destination: directory,
    npm_config_ignore_scripts: "true",
    npm_config_prefer_offline: "true",
    npm_config_audit: "false",
  };
  const [pack = "", install = ""] = [/^ {4}(npm pack)$/m, /^ {4}(npm install --global .*)$/m].map(
    (line) => line.exec(readme)?.[1],
  );
  await expectStatus(0, "sh", ["-c", pack], { cwd: root, env: npm });
  await expectStatus(0, "sh", ["-c", install], { cwd: directory, env: npm, limit: 180_000 });

  const hosts = at("hosts");
  writeFileSync(hosts, hostsFile());
  const before = knowing(hosts);
  const ssh = await startSshd({ hosts: names.length, enter: before });
  t.after(() => ssh.stop());
  writeFileSync(hosts, hostsFile(names, ssh.hosts));
  const named = ssh.hosts.map((host, i) => sshHost(names[i] ?? "", host));
  writeFileSync(ssh.sshConfig, `${named.join("")}Host *\n${readFileSync(ssh.sshConfig, "utf8")}`);
  const index = await startIndex();
  t.after(() => index.stop());
  const [first] = ssh.hosts;
  assert.ok(first);
  const side = (prefix: string) =>
    ssh.hosts.flatMap(({ address }) => [0, 1].map((last) => `${address}:${prefix}${last}`));
  const nginx = await startNginx({
    upstreams: { upstreamA: side("880"), upstreamB: side("881") },
    address: first.address,
    user: first,
    directory: join(first.home, "nginx"),
  });
  t.after(() => nginx.stop());

  // What is another one here.
  const here = (text: string) =>
    text
      .replaceAll("/etc/nginx/nginx.conf", join(first.home, "nginx/conf/nginx.conf"))
      .replaceAll("https://pypi.example/simple/", index.url)
      .replaceAll("http://web1/", nginx.url);
  const configuration = here(displays.find((text) => text.startsWith("[roles]")) ?? "");
  const typed = [...here(shown).matchAll(/^\$ (.*)$/gm)].map(([, command = ""]) => command);
  const env = {
    ...committer,
    ...releaseDay,
    PATH: `${at("prefix/bin")}:${process.env.PATH}`,
    HOME: directory,
    TERM: "xterm",
    NO_COLOR: "",
    PS1: "$ ",
    ESSAY_INDEX: "",
    ESSAY_SSH_CONFIG: ssh.sshConfig,
    ESSAY_LAB_PATIENCE: "400",
  };
  const screen = new Screen(columns, rows);
  /** Types commands into a shell at a terminal, and looks at what it shows. */
  const type = async (commands: readonly string[], cwd: string) => {
    const questions = commands.flatMap((command) => [
      ["$ ", `${command}\n`],
      ...(command.startsWith("es create") ? [["left empty): ", "\n"]] : []),
    ]);
    const dialogue = JSON.stringify([...questions, ["$ ", "\x04"]]);
    const shell = ["sh", "-c", `stty cols ${columns} rows ${rows}; exec sh -i`];
    const [first = "", ...args] = [...before, "/usr/bin/python3", terminal, dialogue, ...shell];
    const ran = await expectStatus(0, first, args, { cwd, env, limit: 410_000 });
    // The last one is that at which the person went away.
    screen.feed(ran.stdout.replace(/\$ \r\n$/, ""));
  };
  const created = typed.indexOf("cd shop") + 1;
  await type(typed.slice(0, created), directory);
  const toml = at("shop/essay.toml");
  writeFileSync(toml, edited(readFileSync(toml, "utf8"), configuration));
  await type(typed.slice(created), at("shop"));

  const seen = masked(screen.lines.join("\n").trimEnd());
  assert.match(`${seen}\n`, pattern(masked(here(shown)).split("\n")), screen.lines.join("\n"));
});
