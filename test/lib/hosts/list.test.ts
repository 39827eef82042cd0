import assert from "node:assert/strict";
import { test } from "node:test";
import { hostsOfList } from "../../../lib/hosts/list.js";

test("a list has a host on each line, with any line ends, comments and blank lines", async () => {
  const words = async (text: string) => (await hostsOfList(text)).map(({ word }) => word);
  assert.deepEqual(await words("web1\r\n  web2 # two\n\n# three\nme@web4:22\t\n"), [
    "web1",
    "web2",
    "me@web4:22",
  ]);
  assert.deepEqual(await words("web1 web2\n"), ["web1 web2"]);
  assert.deepEqual(await words(""), []);
});

test("a record gives its host, and nothing that later steps have added", async () => {
  const record = {
    host: "::1",
    user: "me",
    port: 22,
    roles: ["web"],
    bind: "# no comment",
    venv: { name: "a", path: "/a" },
    error: { step: "s", code: "c", message: "m" },
  };
  const [one] = await hostsOfList(` ${JSON.stringify(record)} \r\n`);
  const { venv: _, error: __, ...known } = record;
  assert.deepEqual(one?.known, { ...known, transport: "ssh" });
});

test("a line that is no record of a host is named", async () => {
  await assert.rejects(hostsOfList('web1\n\n{"host":""}\n'), {
    name: "UsageError",
    message: /^line 3 of the list is no record of a host: field host/,
  });
});
