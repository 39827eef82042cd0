// es-pip: indexes that lack something, refuse, or lie behind a proxy; and what pip itself is told on the host.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type Deployed, deployed, generation, index, installed, mark, run, setUp } from "../lab/pip-venv.js";
import { expectStatus, scratch } from "../lab/program.js";
import { plainSdist } from "../lab/sdist.js";
import { pathOf } from "../lab/shells.js";
import { tiny } from "../lab/tiny.js";
import { web } from "../lab/web.js";

setUp();

test("a version that is not there: the index and its latest are named, nothing is touched", async (t) => {
  const at = await deployed(t);
  const { error } = await run(at, 1, ["tiny==99.0"]);
  assert.deepEqual(
    [error.step, error.code, error.message],
    ["es-pip", "version-not-found", `no tiny 99.0 on ${index.url} (latest is 1.1+fixbug)`],
  );
  const unknown = (await run(at, 1, ["nosuchdist==1.0"])).error;
  assert.equal(unknown.message, `no nosuchdist 1.0 on ${index.url} (pip finds none there for this Python)`);
  assert.ok(!existsSync(mark(at)));
  assert.equal(generation(at), 1);
});

test("a version for another Python, whether the index says so or not", async (t) => {
  const at = await deployed(t);
  const wheel = "picky-3.0-py3-none-any.whl";
  const silent = await web(t, (request, response) => {
    if (request.url?.endsWith(wheel)) return void response.end(readFileSync(join(index.directory, wheel)));
    response.setHeader("content-type", "text/html");
    response.end(`<a href="/${wheel}">${wheel}</a>`);
  });
  for (const [url, what] of [
    [index.url, "picky 3.0"],
    [`${silent}/`, "picky"],
  ] as const) {
    const { error } = await run(at, 1, ["picky==3.0", "--index", url]);
    assert.equal(error.code, "requires-python");
    assert.match(
      error.message,
      new RegExp(`^${what} is for Python >=3\\.99 only, and ${at.venv} is of Python 3\\.\\d`),
    );
  }
  assert.deepEqual(installed(at), []);
  assert.ok(!existsSync(mark(at)));
});

test("an index that cannot be asked is not one without the version", async (t) => {
  const half = readFileSync(join(index.directory, "tiny-1.0-py3-none-any.whl")).subarray(0, 400);
  const [forbidden, broken, truncated] = await Promise.all([
    web(t, (_, response) => response.writeHead(403).end()),
    web(t, (_, response) => response.writeHead(502).end()),
    web(t, (request, response) => {
      if (request.url?.endsWith(".whl")) return void response.end(half);
      response.setHeader("content-type", "text/html");
      response.end('<a href="/tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>');
    }),
  ]);
  // pip tries for seconds; each has a virtualenv of its own.
  const asked = async (url: string) => {
    const at = await deployed(t);
    const { error } = await run(at, 1, ["tiny==1.0"], { env: { ESSAY_INDEX: url } });
    assert.ok(!existsSync(mark(at)));
    assert.deepEqual(installed(at), []);
    return error;
  };
  const urls = ["http://127.0.0.1:1/simple/", `${forbidden}/`, `${broken}/`, `${truncated}/`];
  const [refused, no, bad, cut] = await Promise.all(urls.map(asked));
  assert.equal(refused.code, "index-failed");
  assert.match(
    refused.message,
    /^pip gets nothing from the index: http:\/\/127\.0\.0\.1:1\/simple\/tiny\/: connection error: Failed to establish a new connection: .*refused$/,
  );
  assert.equal(no.code, "auth-failed");
  assert.match(bad.message, /pip gets nothing from the index: .*: 502 /);
  assert.deepEqual([cut.code, /tiny/.test(cut.message)], ["pip-failed", true], cut.message);
});

test("a plain http index on another machine is passed as trusted, which is said once", async (t) => {
  const at = await deployed(t);
  const input = `${JSON.stringify(at.record)}\n`.repeat(2);
  const ran = await expectStatus(0, "es-pip", ["tiny==1.0", "--dry-run"], {
    input,
    cwd: at.home,
    env: { HOME: at.home, ESSAY_INDEX: "http://pypi.example/simple/" },
  });
  assert.equal(
    ran.stderr.match(/http:\/\/pypi\.example\/simple\/ is plain http: pip is told to trust it/g)?.length,
    1,
  );
});

/** Answers with what the index has at a path. */
function fromIndex(path: string, response: ServerResponse): void {
  get(new URL(path, index.url), (inner) => {
    response.writeHead(inner.statusCode ?? 500, { "content-type": inner.headers["content-type"] ?? "" });
    inner.pipe(response);
  });
}

test("a password is in no argument, no record and no message", async (t) => {
  const at = await deployed(t);
  const seen = join(at.home, "seen");
  plainSdist(
    scratch(t),
    index.directory,
    "looker",
    `import glob
with open(${JSON.stringify(seen)}, "w") as out:
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            out.write(open(path).read().replace("\\0", " ") + "\\n")
        except OSError:
            pass
    out.write("\\n".join("%s=%s" % item for item in os.environ.items()))`,
  );
  const secret = "s3cret-b%t";
  const wanted = `Basic ${Buffer.from(`me:${secret}`).toString("base64")}`;
  const guarded = await web(t, (request, response) => {
    if (request.headers.authorization !== wanted) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="lab"' }).end();
      return;
    }
    fromIndex(request.url ?? "", response);
  });
  writeFileSync(join(at.home, ".netrc"), `machine 127.0.0.1 login me password ${secret}\n`, { mode: 0o600 });
  const env = { ESSAY_INDEX: `${guarded}/simple/` };
  const ran = await run(at, 0, ["looker==1.0", "tiny==1.0", "-v"], { env });
  assert.deepEqual(installed(at), ["looker==1.0", "tiny==1.0"]);
  assert.match(readFileSync(seen, "utf8"), /-m pip install/);
  for (const text of [readFileSync(seen, "utf8"), ran.stdout, ran.stderr]) {
    assert.ok(!text.includes(secret) && !text.includes(encodeURIComponent(secret)), text);
    assert.ok(!text.includes(wanted.slice(6)), text);
  }
  writeFileSync(join(at.home, ".netrc"), "machine 127.0.0.1 login me password wrong\n", { mode: 0o600 });
  const refused = (await run(at, 1, ["needs==1.0"], { env })).error;
  assert.equal(refused.code, "auth-failed");
  assert.match(refused.message, /^the index does not let pip in: .*: 401 /);
});

test("the proxy that the configuration names is pip's way to the index, and its password is nowhere", async (t) => {
  const at = await deployed(t);
  const asked: string[] = [];
  const secret = "pr0xy-secret";
  const proxy = await web(t, (request, response) => {
    asked.push(`${request.url} ${request.headers["proxy-authorization"]}`);
    fromIndex(new URL(request.url ?? "").pathname, response);
  });
  const way = `index.url = "http://pypi.example/simple/"\nindex.proxy = "${proxy.replace("//", `//me:${secret}@`)}"\n`;
  writeFileSync(join(at.home, "essay.toml"), way);
  // The environment's own proxies do not count then.
  const env = { ESSAY_INDEX: "", http_proxy: "http://127.0.0.1:1", no_proxy: "*" };
  const ran = await run(at, 0, ["tiny==1.0", "-v"], { env });
  assert.deepEqual(installed(at), ["tiny==1.0"]);
  const basic = Buffer.from(`me:${secret}`).toString("base64");
  assert.equal(asked[0], `http://pypi.example/simple/tiny/ Basic ${basic}`);
  for (const text of [ran.stdout, ran.stderr]) assert.ok(!text.includes(secret), text);
});

/** What a user, or a company, may have set up for pip on a host. */
function strangePip({ home }: Deployed): NodeJS.ProcessEnv {
  const settings =
    "[global]\nindex-url = http://127.0.0.1:1/\nextra-index-url = http://127.0.0.1:1/\nretries = 0\n";
  for (const directory of [".pip", ".config/pip", "xdg/pip"]) {
    mkdirSync(join(home, directory), { recursive: true });
    writeFileSync(join(home, directory, "pip.conf"), settings);
  }
  for (const name of ["pip.py", "json.py", "csv.py", "re.py"])
    writeFileSync(join(home, name), "raise SystemExit('not this one')\n");
  return {
    PIP_CONFIG_FILE: join(home, ".pip/pip.conf"),
    XDG_CONFIG_DIRS: join(home, "xdg"),
    PIP_INDEX_URL: "http://127.0.0.1:1/",
    PIP_EXTRA_INDEX_URL: "http://127.0.0.1:1/",
    PIP_RETRIES: "0",
    PIP_NO_INDEX: "1",
    PIP_TARGET: join(home, "elsewhere"),
    PIP_REQUIRE_HASHES: "1",
    PYTHONPATH: home,
  };
}

test("the host's own configuration of pip does not count, neither for building nor for modules", async (t) => {
  tiny(index.directory, "1.0", "built");
  rmSync(join(index.directory, "built-1.0-py3-none-any.whl"));
  const at = await deployed(t);
  const env = strangePip(at);
  // built has no wheel: pip starts another pip, which installs setuptools.
  const ran = await run(at, 0, ["built==1.0", "tiny==1.0"], { env });
  assert.equal(ran.entry.changed, true);
  assert.deepEqual(installed(at), ["built==1.0", "tiny==1.0"]);
  assert.ok(!existsSync(join(at.home, "elsewhere")));
  assert.doesNotMatch(ran.stderr, /127\.0\.0\.1:1\//);
});

test("a build that fails: what it said comes along, and nothing was touched", async (t) => {
  const at = await deployed(t);
  const says = "error: command 'gcc' failed: No such file or directory";
  plainSdist(scratch(t), index.directory, "failing", `print(${JSON.stringify(says)}); sys.exit(1)`);
  const { error } = await run(at, 1, ["failing==1.0"]);
  assert.equal(error.code, "pip-failed");
  assert.equal(
    error.message,
    "a build needs gcc, which is not on this host: es-wheel builds wheels elsewhere",
  );
  assert.ok(error.stderr.includes(says), error.stderr);
  assert.ok(!existsSync(mark(at)));
});

test("an extension in C and no compiler on the host: which one is named", async (t) => {
  const folder = join(scratch(t), "native-1.0");
  mkdirSync(folder);
  writeFileSync(join(folder, "native.c"), "");
  writeFileSync(join(folder, "PKG-INFO"), "Metadata-Version: 2.1\nName: native\nVersion: 1.0\n");
  writeFileSync(
    join(folder, "setup.py"),
    'from setuptools import Extension, setup\nsetup(name="native", version="1.0", ext_modules=[Extension("native", ["native.c"])])\n',
  );
  execFileSync("tar", [
    "-czf",
    join(index.directory, "native-1.0.tar.gz"),
    "-C",
    dirname(folder),
    "native-1.0",
  ]);
  const at = await deployed(t);
  const { error } = await run(at, 1, ["native==1.0"], { env: { PATH: pathOf("busybox") } });
  assert.equal(error.code, "pip-failed");
  assert.match(
    error.message,
    /^a build needs \S*(cc|clang)\S*, which is not on this host: es-wheel builds wheels/,
  );
  assert.ok(!existsSync(mark(at)));
});
