import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { runBody } from "../../lab/body.js";
import { program, scratch } from "../../lab/program.js";
import { failureOf, labFor, targetOf, transportFor } from "../../lab/reach.js";

/** What ssh says of a host whose key it does not take, and our word for it. */
const words = [
  ["REVOKED HOST KEY", "host-key-revoked"],
  ["IDENTIFICATION HAS CHANGED", "host-key-changed"],
  ["host key is known for", "host-key-unknown"],
] as const;

describe("known_hosts files, as ssh itself reads them", () => {
  const started = labFor({ hosts: 1 });

  const verdicts = async (t: TestContext, text: string, hash: boolean, lines: string) => {
    const known = join(scratch(t), "known hosts");
    writeFileSync(known, text);
    if (hash) execFileSync("ssh-keygen", ["-q", "-H", "-f", known], { stdio: "ignore" });
    const config = `UserKnownHostsFile "${known}"\n${lines}`;
    const transport = transportFor(t, started.lab, config);
    const target = targetOf(started.host(0));
    const ours = await runBody("exit 0", { transport, target }).then(
      () => "ok",
      ({ code }) => code,
    );
    const file = join(scratch(t), "config");
    const rest = readFileSync(started.lab.sshConfig, "utf8");
    writeFileSync(file, `${config}\nHost *\nBatchMode yes\nStrictHostKeyChecking yes\n${rest}`);
    const { address, user, port } = started.host(0);
    const args = ["-F", file, "-l", user, "-p", String(port), address, "exit 0"];
    const ssh = await program("ssh", args);
    const theirs = ssh.status === 0 ? "ok" : words.find(([said]) => ssh.stderr.includes(said))?.[1];
    return { ours, theirs, report: ssh.report };
  };

  for (const [wanted, text, { hash = false, lines = "" } = {}] of [
    ["ok", "# a comment\n\n{name} {key} a comment\n"],
    ["ok", "{name} {key}", { hash: true }],
    ["ok", "{name},other {key}"],
    ["ok", "other,{NAME} {key}\n"],
    ["ok", "[127.0.*]:{port} {key}\n"],
    ["ok", "[127.0.?.2]:{port} {key}\n"],
    ["ok", "* {key}\n"],
    ["ok", "{address} {key}\n"],
    ["ok", "{name} {other}\n{name} {key}\n"],
    ["ok", "garbage\n{name} ssh-ed25519 garbage\n{name} {key}\n"],
    ["ok", "the-alias {key}\n", { lines: "HostKeyAlias the-alias" }],
    ["host-key-unknown", ""],
    ["host-key-unknown", "!{name},!{address},* {key}\n"],
    ["host-key-unknown", "*,!{name},!{address} {key}\n"],
    ["host-key-unknown", "[127.0.*]:1 {key}\n"],
    ["host-key-unknown", "@cert-authority * {key}\n"],
    ["host-key-unknown", "{name} {key}\n", { lines: "HostKeyAlias the-alias" }],
    ["host-key-changed", "{name} {other}\n"],
    ["host-key-changed", "{name} {other}\n", { hash: true }],
    ["host-key-changed", "* {other}\n{address} {key}\n"],
    ["host-key-revoked", "{name} {key}\n@revoked * {key}\n"],
    ["host-key-revoked", "@revoked {name} {key}\n{name} {key}\n"],
  ] as const satisfies readonly (readonly [string, string, { hash?: boolean; lines?: string }?])[])
    test(`${wanted}: ${JSON.stringify(text)}${hash ? ", hashed" : ""}${lines && `, ${lines}`}`, async (t) => {
      const { address, port } = started.host(0);
      const keyOf = (name: string) =>
        readFileSync(join(started.lab.directory, "keys", `${name}.pub`), "utf8")
          .split(" ")
          .slice(0, 2)
          .join(" ");
      const filled = text
        .replaceAll("{name}", `[${address}]:${port}`)
        .replaceAll("{NAME}", `[${address}]:${port}`.toUpperCase())
        .replaceAll("{address}", address)
        .replaceAll("{port}", String(port))
        .replaceAll("{key}", keyOf("host"))
        .replaceAll("{other}", keyOf("other"));
      const { ours, theirs, report } = await verdicts(t, filled, hash, lines);
      assert.deepEqual({ ours, theirs }, { ours: wanted, theirs: wanted }, report);
    });

  test("an unknown key is learnt below 10,000 lines that stay as they are", async (t) => {
    const known = join(scratch(t), "known_hosts");
    const many = Array.from({ length: 10_000 }, (_, number) => `web${number} ssh-ed25519 AAAA\n`).join("");
    writeFileSync(known, many);
    const config = `UserKnownHostsFile ${known}\n`;
    const target = targetOf(started.host(0));
    const unknown = await failureOf(runBody("", { transport: transportFor(t, started.lab, config), target }));
    assert.equal(unknown.code, "host-key-unknown");
    const learning = transportFor(t, started.lab, config, true);
    await runBody("exit 0", { transport: learning, target });
    const text = readFileSync(known, "utf8");
    assert.ok(text.startsWith(many));
    assert.match(text.slice(many.length), /^\[[^\]]+\]:\d+ ssh-ed25519 \S+\n$/);
  });
});
