import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { agentKeys } from "../../../lib/transport/agent-keys.js";
import { agentWith, makeKey } from "../../lab/keys.js";
import { scratch } from "../../lab/program.js";
import { unixServer } from "../../lab/unix-server.js";

const { signal } = new AbortController();

test("keys and certificates, with their comments, as ssh-add lists them", async (t) => {
  const directory = scratch(t);
  const [ca, one, two] = ["ca", "one", "two"].map((name) => makeKey(directory, name)) as [
    string,
    string,
    string,
  ];
  execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "me", `${one}.pub`]);
  const agent = await agentWith(t, directory, one, two);
  const listed = execFileSync("ssh-add", ["-L"], { env: { ...process.env, SSH_AUTH_SOCK: agent } });
  const shown = (await agentKeys(agent, signal)).map(
    ({ blob, comment }) =>
      `${blob.subarray(4, 4 + blob.readUInt32BE(0))} ${blob.toString("base64")} ${comment}`,
  );
  assert.equal(shown.length, 3);
  assert.deepEqual(shown, listed.toString().trimEnd().split("\n"));
});

for (const [name, bytes, message] of [
  ["hangs up", [], /ends too early/],
  ["is no agent", [..."HTTP/1.1 400"].map((c) => c.charCodeAt(0)), /answer of 1213486160 bytes/],
  ["is locked", [0, 0, 0, 1, 5], /shows no keys/],
  ["says more keys than it shows", [0, 0, 0, 5, 12, 0, 0, 0, 1], /ends too early/],
  ["shows a key that goes beyond the end", [0, 0, 0, 9, 12, 0, 0, 0, 1, 0, 0, 0, 9], /ends too early/],
] as const)
  test(`an agent that ${name}`, async (t) => {
    const path = await unixServer(t, (socket) => socket.end(Buffer.from(bytes)));
    await assert.rejects(agentKeys(path, signal), message);
  });

test("an agent that is silent keeps nobody, and no descriptor", async (t) => {
  let left: Promise<unknown> | undefined;
  const stop = new AbortController();
  const path = await unixServer(t, (socket) => {
    left = once(socket.resume(), "close");
    stop.abort(new Error("enough"));
  });
  await assert.rejects(agentKeys(path, stop.signal), /enough/);
  await left;
});
