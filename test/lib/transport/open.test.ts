import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { openTransport } from "../../../lib/transport/open.js";
import { program } from "../../lab/program.js";

const { signal } = new AbortController();
const options = { config: undefined, acceptNew: false };

test("a local target is this machine", async () => {
  const transport = openTransport(options);
  const channel = await transport.start({ host: "@local", transport: "local" }, "echo here", signal);
  assert.equal(await text(channel.stdout), "here\n");
  await transport.close();
});

test("a target without a host is a failure", async () => {
  const transport = openTransport(options);
  await assert.rejects(transport.start({}, "true", signal), { code: "bad-argument" });
  await transport.close();
});

test("ssh2 is not loaded for local targets, and warns of nothing when it is", async () => {
  const open = new URL("../../../lib/transport/open.js", import.meta.url).href;
  const run = await program(process.execPath, [
    "--input-type=module",
    "-e",
    `import module from "node:module";
    const { openTransport } = await import(${JSON.stringify(open)});
    const loaded = () => Object.keys(module._cache).some((path) => path.includes("/ssh2/"));
    const transport = openTransport({ acceptNew: false });
    const { signal } = new AbortController();
    const channel = await transport.start({ transport: "local" }, "true", signal);
    await channel.ended;
    console.log(loaded());
    await transport.start({ host: "127.0.0.1", port: 1 }, "true", signal).catch((error) => console.log(error.code));
    console.log(loaded());
    await transport.close();`,
  ]);
  assert.equal(run.stdout, "false\nrefused\ntrue\n", run.report);
  assert.equal(run.stderr, "", run.report);
});
