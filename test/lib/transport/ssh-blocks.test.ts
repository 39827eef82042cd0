import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { SshBlocks } from "../../../lib/transport/ssh-blocks.js";
import { scratch } from "../../lab/program.js";

function blocks(t: TestContext, ...texts: string[]): Promise<SshBlocks> {
  const directory = scratch(t);
  const files = texts.map((text, number) => {
    const file = join(directory, String(number));
    writeFileSync(file, text);
    return file;
  });
  return SshBlocks.read(files);
}

test("hosts are of one class when the same blocks count for them", async (t) => {
  const found = await blocks(
    t,
    "Port 22\nHost web* !web9\n  User a\nhost=db?\n\tUser b\nMatch all\n  Compression yes\n",
    "# nothing\n\nHost 10.0.*\n  Port 2200\n",
  );
  const of = (host: string) => found.classOf(host);
  assert.equal(of("web1"), of("web2.example.com"));
  assert.notEqual(of("web1"), of("web9"));
  assert.equal(of("web9"), of("other"));
  assert.notEqual(of("db1"), of("web1"));
  assert.equal(of("db12"), of("other"));
  assert.equal(of("10.0.1.1"), of("10.0.2.2"));
  assert.notEqual(of("10.0.1.1"), of("10.1.1.1"));
  assert.equal(of("webxexample"), of("web1"));
});

test("a host whose settings depend on its name is asked for alone", async (t) => {
  const found = await blocks(
    t,
    `Host web*
  HostName %h.example.com
Host db
  HostName 10.0.0.1
Host key*
  IdentityFile ~/.ssh/%n
Host same*
  IdentityFile %d/.ssh/%u-100%%
  ControlPath ~/.ssh/%C
`,
  );
  for (const host of ["web1", "db", "key1"]) assert.equal(found.classOf(host), undefined);
  for (const host of ["same1", "other"]) assert.notEqual(found.classOf(host), undefined);
});

for (const text of [
  'Match exec "test -e /x"\n  Port 1\n',
  "Match final\n  Port 1\n",
  "Match user essay\n  Port 1\n",
  'Host "web 1"\n  Port 1\n',
  "Host web1 # the first\n  Port 1\n",
  "Host Web1\n  Port 1\n",
  "CanonicalizeHostname yes\n",
  '"Host" web1\n',
])
  test(`not surely understood, so asked for alone: ${JSON.stringify(text)}`, async (t) => {
    assert.equal((await blocks(t, "Host a\n", text)).classOf("other"), undefined);
  });

test("hosts that ssh would write anew are asked for alone", async (t) => {
  const found = await blocks(t, "Port 22\n");
  for (const host of ["Web1", "127.1", "0x7f000001", "web1.010", "::1", "a b", "", "web1."])
    assert.equal(found.classOf(host), undefined, host);
  for (const host of ["web1", "10.0.0.1", "1.example.com", "x_y-z"])
    assert.notEqual(found.classOf(host), undefined, host);
});

test("a file that cannot be read gives no answer", async (t) => {
  assert.equal((await SshBlocks.read([join(scratch(t), "missing")])).classOf("web1"), undefined);
});
