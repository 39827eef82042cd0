import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { UsageError } from "../../../lib/base/failure.js";
import {
  lookupCredentials,
  parseNetrc,
  parsePypirc,
  pipCredentials,
  repositoryNamed,
  uploadCredentials,
  uploadUser,
} from "../../../lib/index/credentials.js";
import { scratch } from "../../lab/program.js";

const variables = ["HOME", "NETRC", "TWINE_USERNAME", "TWINE_PASSWORD"];

/** A home directory with these files, and an environment that names no others. */
function home(t: TestContext, files: Record<string, string | Buffer>): string {
  const directory = scratch(t);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  const before = variables.map((name) => [name, process.env[name]] as const);
  t.after(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });
  for (const name of variables) delete process.env[name];
  process.env.HOME = directory;
  return directory;
}

test("a .netrc in all its spellings", () => {
  const text = `# machine pypi.example login no password no
machine other.example login "o o" password "with \\"quotes\\" and #"
machine PyPI.example
  login joe
  account x
  password p@ss:/%#
macdef init
machine pypi.example login macro password macro

default login anonymous password guest`;
  assert.deepEqual(parseNetrc(text, "pypi.example"), { user: "joe", password: "p@ss:/%#" });
  assert.deepEqual(parseNetrc(text, "other.example"), { user: "o o", password: 'with "quotes" and #' });
  assert.deepEqual(parseNetrc(text, "third.example"), { user: "anonymous", password: "guest" });
  assert.equal(parseNetrc("machine a login b", "a"), undefined);
  assert.equal(parseNetrc("machine", "a"), undefined);
  assert.equal(parseNetrc("", "a"), undefined);
});

test("a .pypirc", async (t) => {
  const text = `[distutils]\r\nindex-servers =\r\n    pypi\r\n    internal\r\n
[public]
repository: https://upload.example/legacy/
username: __token__
password = pypi-abc=def:ghi%20#;
; a comment
[internal]
repository = http://pypi.example/
Username = joe
ca_cert = /etc/ca.pem
[broken]
username = nobody
[wrong]
repository = ftp://pypi.example/`;
  const internal = {
    name: "internal",
    url: "http://pypi.example/",
    user: "joe",
    password: undefined,
    ca: "/etc/ca.pem",
  };
  assert.deepEqual(parsePypirc(text, ".pypirc").slice(0, 2), [
    {
      name: "public",
      url: "https://upload.example/legacy/",
      user: "__token__",
      password: "pypi-abc=def:ghi%20#;",
      ca: undefined,
    },
    internal,
  ]);
  assert.throws(() => parsePypirc("[a]\nb = c\nnonsense\n", "/x/.pypirc"), {
    name: "UsageError",
    message: /\/x\/\.pypirc, line 3/,
  });
  assert.throws(() => parsePypirc("user = a\n", ".pypirc"), /line 1/);

  home(t, { ".pypirc": text });
  assert.deepEqual(await repositoryNamed("internal"), internal);
  for (const [name, message] of [
    ["intrenal", /\.pypirc has no repository \[intrenal\]; did you mean internal\?/],
    ["broken", /\[broken\] in .*\.pypirc has no URL/],
    ["wrong", /\[wrong\] in .*\.pypirc is no http or https URL/],
    ["distutils", /has no repository \[distutils\]/],
  ] as const)
    await assert.rejects(repositoryNamed(name), { name: "UsageError", message });
  home(t, {});
  await assert.rejects(repositoryNamed("internal"), {
    name: "UsageError",
    message: /there is no .*\.pypirc/,
  });
});

test("looking up: the URL before .netrc", async (t) => {
  const directory = home(t, { ".netrc": "machine pypi.example login net password rc" });
  assert.deepEqual(await lookupCredentials("http://pypi.example/simple/"), { user: "net", password: "rc" });
  assert.deepEqual(await lookupCredentials("http://u%40x:p%2F@pypi.example/"), {
    user: "u@x",
    password: "p/",
  });
  assert.equal(await lookupCredentials("http://other.example/"), undefined);
  writeFileSync(join(directory, "other"), "default login a password b");
  process.env.NETRC = join(directory, "other");
  assert.deepEqual(await lookupCredentials("http://other.example/"), { user: "a", password: "b" });
});

test("looking up: .pypirc before .netrc, for whichever URL of the index; pip gets none of it", async (t) => {
  home(t, {
    ".netrc": "machine pypi.example login net password rc",
    ".pypirc":
      "[x]\nrepository = https://pypi.example/root/x/\nusername = joe\npassword = p@ss\n[y]\nrepository = https://pypi.example/y/legacy/\npassword = token\n",
  });
  for (const url of ["https://pypi.example/root/x/+simple/", "https://pypi.example/root/x"])
    assert.deepEqual(await lookupCredentials(url), { user: "joe", password: "p@ss" }, url);
  const token = { user: "__token__", password: "token" };
  assert.deepEqual(await lookupCredentials("https://pypi.example/y/simple/"), token);
  assert.deepEqual(await uploadCredentials("https://pypi.example/y/simple/"), token);
  const net = { user: "net", password: "rc" };
  for (const url of ["https://pypi.example/root/simple/", "http://pypi.example/root/x/"])
    assert.deepEqual(await lookupCredentials(url), net, url);
  assert.deepEqual(await pipCredentials("https://pypi.example/root/x/"), net);
  assert.deepEqual(await pipCredentials("https://a:b@pypi.example/root/x/"), { user: "a", password: "b" });
});

test("uploading: the URL, TWINE_*, .pypirc, .netrc, in this order", async (t) => {
  home(t, {
    ".netrc": "machine pypi.example login net password rc",
    ".pypirc":
      "[x]\nrepository=http://pypi.example/up\nusername=pypi\npassword=rc\n[y]\nrepository=http://a:b@y.example/\n",
  });
  assert.deepEqual(await uploadCredentials("http://pypi.example/"), { user: "net", password: "rc" });
  assert.deepEqual(await uploadCredentials("http://pypi.example/up/"), { user: "pypi", password: "rc" });
  assert.deepEqual(await uploadCredentials("http://y.example/"), { user: "a", password: "b" });
  const named = { name: "z", url: "http://pypi.example/up", user: "zoe", password: "z", ca: undefined };
  assert.deepEqual(await uploadCredentials("http://pypi.example/up", named), { user: "zoe", password: "z" });
  assert.equal(await uploadUser("http://pypi.example/up", named), "zoe");
  assert.equal(await uploadUser("http://pypi.example/up"), "pypi");
  assert.equal(await uploadUser("http://pypi.example/"), undefined);
  assert.equal(await uploadUser("http://u@pypi.example/"), "u");
  process.env.TWINE_PASSWORD = "t@:/%";
  assert.deepEqual(await uploadCredentials("http://pypi.example/"), { user: "__token__", password: "t@:/%" });
  process.env.TWINE_USERNAME = "twine";
  assert.deepEqual(await uploadCredentials("http://pypi.example/up"), { user: "twine", password: "t@:/%" });
  assert.deepEqual(await uploadCredentials("http://u@pypi.example/"), { user: "u", password: "" });
});

test("no files are no credentials; files that cannot be read are errors", async (t) => {
  const directory = home(t, {});
  assert.equal(await uploadCredentials("http://pypi.example/"), undefined);
  writeFileSync(join(directory, ".pypirc"), Buffer.from([0x5b, 0xff, 0x5d]));
  await assert.rejects(uploadCredentials("http://pypi.example/"), UsageError);
  mkdirSync(join(directory, ".netrc"));
  await assert.rejects(lookupCredentials("http://pypi.example/"), UsageError);
});
