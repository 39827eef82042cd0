import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Failure, UsageError } from "../../../lib/base/failure.js";
import { type Configuration, check } from "../../../lib/config/schema.js";
import { Settings } from "../../../lib/config/settings.js";

function settings(document: object = {}, projectName?: string): Settings {
  const values = check(document) as Configuration;
  return new Settings({ file: "/etc/p/essay.toml", directory: "/etc/p", values, projectName });
}

function environment(t: TestContext, name: string, value: string): void {
  process.env[name] = value;
  t.after(() => delete process.env[name]);
}

test("flag before record before environment before configuration before the project itself", (t) => {
  const some = settings({ project: "configured" }, "named");
  environment(t, "ESSAY_PROJECT", "environment");
  assert.equal(some.find("project", { flag: "flag", record: "record" }), "flag");
  assert.equal(some.find("project", { record: "record" }), "record");
  assert.equal(some.find("project"), "environment");
  process.env.ESSAY_PROJECT = "";
  assert.equal(some.find("project"), "configured");
  assert.equal(settings({}, "named").find("project"), "named");
  assert.equal(settings().find("project"), undefined);
});

test("the project's name is no other value", () => {
  assert.equal(settings({}, "named").find("profile"), undefined);
});

test("a path of the configuration belongs to its folder; one from a flag does not", () => {
  const some = settings({ supervisor: { template: "conf/supervisord.conf" }, ssh: { config: "/etc/ssh" } });
  assert.equal(some.find("template"), "/etc/p/conf/supervisord.conf");
  assert.equal(some.find("sshConfig"), "/etc/ssh");
  assert.equal(some.find("template", { flag: "conf/other" }), "conf/other");
  assert.equal(settings({ git: { repo: "../x.git" } }).find("repo"), "/etc/x.git");
  for (const repo of ["ssh://git@h/x", "git@h:x"])
    assert.equal(settings({ git: { repo } }).find("repo"), repo);
});

test("numbers become text", () => {
  assert.equal(settings({ deploy: { processes: 4 } }).find("processes"), "4");
});

test("an index for uploads is the one of look-ups unless it is said", () => {
  assert.equal(settings({ index: { url: "http://a/" } }).find("uploadIndex"), "http://a/");
  assert.equal(
    settings({ index: { url: "http://a/", upload: "http://b/" } }).find("uploadIndex"),
    "http://b/",
  );
});

test("a needed value that is nowhere: the failure names every place", () => {
  assert.throws(
    () => settings().need("project"),
    (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, "not-configured");
      assert.equal(
        error.message,
        "no project: say it by --project, the field project of the record, ESSAY_PROJECT, project in essay.toml or project.name in pyproject.toml",
      );
      return true;
    },
  );
  assert.throws(
    () => settings().need("branch"),
    /no git\.branch: say it by --branch or git\.branch in essay\.toml$/,
  );
});

const indexes = {
  index: {
    url: "http://main/simple/",
    pypi: { url: "http://pypi/simple/", upload: "http://pypi/upload/" },
    plain: { url: "http://plain/simple/" },
  },
};

test("an index is named by its URL or by its name in the configuration", () => {
  const some = settings(indexes);
  assert.equal(some.access("index").url, "http://main/simple/");
  assert.equal(some.access("index", { flag: "http://other/" }).url, "http://other/");
  assert.equal(some.access("index", { record: "pypi" }).url, "http://pypi/simple/");
  assert.equal(some.access("uploadIndex", { flag: "pypi" }).url, "http://pypi/upload/");
  assert.equal(some.access("uploadIndex", { flag: "plain" }).url, "http://plain/simple/");
});

test("an index with a URL that cannot be read", () => {
  assert.throws(
    () => settings(indexes).access("index", { flag: "http://[" }),
    new UsageError("http://[ is no URL of an index"),
  );
});

test("an index that has no such name is a mistake, with the nearest name", () => {
  const some = settings(indexes);
  assert.throws(
    () => some.access("index", { flag: "pipy" }),
    new UsageError("pipy is neither the URL of an index nor the name of one; did you mean pypi?"),
  );
  for (const flag of ["url", "constructor", "/simple/"])
    assert.throws(() => some.access("index", { flag }), UsageError);
});

test("no index anywhere", () => {
  assert.throws(() => settings().access("index"), /no index\.url: say it by --index, .*ESSAY_INDEX/);
});

test("what the configuration says of an index counts wherever its URL comes from", (t) => {
  const some = settings({
    index: {
      url: "https://joe:secret@a/pypi/simple/",
      upload: "https://joe:secret@a/pypi/",
      proxy: "http://proxy:3128",
      ca_bundle: "ca.pem",
      b: { url: "https://b/simple/", ca_bundle: "/etc/b.pem" },
    },
  });
  const main = {
    url: "https://joe:secret@a/pypi/simple/",
    proxy: "http://proxy:3128",
    ca: "/etc/p/ca.pem",
  };
  assert.deepEqual(some.access("index"), main);
  // A record has no credentials in its URL.
  assert.deepEqual(some.access("index", { record: "https://a/pypi/simple/" }), main);
  assert.deepEqual(some.access("uploadIndex", { record: "https://a/pypi/simple" }), {
    ...main,
    url: "https://joe:secret@a/pypi/",
  });
  assert.deepEqual(some.access("index", { flag: "https://b/" }), {
    url: "https://b/simple/",
    ca: "/etc/b.pem",
  });
  assert.deepEqual(some.access("index", { flag: "https://jim:x@a/pypi/simple/" }), {
    url: "https://jim:x@a/pypi/simple/",
  });
  assert.deepEqual(some.access("index", { flag: "https://a/other/simple/" }), {
    url: "https://a/other/simple/",
  });
  assert.deepEqual(some.accessFromHosts({ flag: "b" }), { url: "https://b/simple/" });
  environment(t, "ESSAY_CA_BUNDLE", "/etc/env.pem");
  assert.equal(some.access("index").ca, "/etc/env.pem");
  assert.equal(some.access("index", { flag: "https://c/", ca: "/flag.pem" }).ca, "/flag.pem");
});

test("a proxy that is none is a mistake, by its key", () => {
  const some = settings({ index: { url: "http://a/", b: { url: "http://b/", proxy: "proxy:3128" } } });
  assert.throws(
    () => some.access("index", { flag: "b" }),
    new UsageError("index.b.proxy in /etc/p/essay.toml is no URL of a proxy, such as http://proxy:3128"),
  );
});
