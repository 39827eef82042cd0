import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { bins, expectStatus, program, recordsOf, scratch } from "../lab/program.js";
import { secureWeb } from "../lab/tls.js";
import { nobody, web } from "../lab/web.js";

/** An index that answers so; resolves to its simple URL. */
async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  return `${await web(t, answer)}/simple/`;
}

function simplePage(links: readonly string[]): string {
  return `<!DOCTYPE html><html><head><title>Links for essay-demo</title></head><body>${links.join("\n")}</body></html>`;
}

/** An index that has these files for essay_demo, and pages for nothing else. */
function indexOf(t: TestContext, files: string[], attributes = ""): Promise<string> {
  const links = files.map((file) => `<a href="../../files/${file}" ${attributes}>${file}</a>`);
  return serve(t, (request, response) => {
    if (request.url !== "/simple/essay-demo/") response.writeHead(404).end("no such project");
    else response.setHeader("content-type", "text/html").end(simplePage(links));
  });
}

const next = (...more: string[]) => ["next", "--project", "essay_demo", "--date", "2026-11-21", ...more];

async function nextOn(t: TestContext, files: string[], ...more: string[]): Promise<string> {
  const index = await indexOf(t, files);
  const ran = await expectStatus(0, "es-version", next("--index", index, ...more), { cwd: scratch(t) });
  assert.equal(recordsOf(ran.stdout).length, 1);
  return recordsOf(ran.stdout)[0].version;
}

test("next makes one release record", async (t) => {
  const index = await indexOf(t, ["essay_demo-6.11.21.9.tar.gz", "essay_demo-6.11.21.10.tar.gz"]);
  const env = { SOURCE_DATE_EPOCH: "1384936200", TZ: "UTC" };
  const ran = await expectStatus(0, "es-version", next("--index", index), { cwd: scratch(t), env });
  assert.deepEqual(recordsOf(ran.stdout), [
    { project: "essay_demo", version: "6.11.21.11", released: "2013-11-20T08:30:00Z" },
  ]);
});

test("the first version of a project that the index does not know", async (t) => {
  const index = await indexOf(t, []);
  const args = ["next", "--project", "other", "--date", "2026-11-21", "--index", index];
  const ran = await expectStatus(0, "es-version", args, { cwd: scratch(t) });
  assert.equal(recordsOf(ran.stdout)[0].version, "6.11.21.1");
  assert.equal(await nextOn(t, []), "6.11.21.1");
});

test("every spelling of the name counts, other projects do not", async (t) => {
  const files = [
    "essay-demo-6.11.21.1.tar.gz",
    "Essay.Demo-6.11.21.2.zip",
    "essay_demo-6.11.21.3-py3-none-any.whl",
    "essay_demo_webpy-6.11.21.8.tar.gz",
    "essay_demo-nonsense.tar.gz",
  ];
  assert.equal(await nextOn(t, files), "6.11.21.4");
});

test("yanked files and labels take their number", async (t) => {
  const index = await indexOf(t, ["essay_demo-6.11.21.1%2Bfixbug.tar.gz"], "data-yanked");
  const ran = await expectStatus(0, "es-version", next("--index", index), { cwd: scratch(t) });
  assert.equal(recordsOf(ran.stdout)[0].version, "6.11.21.2");
});

test("the scheme is the flag's, the configuration's, or the one with one digit", async (t) => {
  assert.equal(await nextOn(t, [], "--scheme", "yyyy.m.d.n"), "2026.11.21.1");
  const cwd = scratch(t);
  const index = await indexOf(t, []);
  writeFileSync(
    join(cwd, "essay.toml"),
    `project = "essay_demo"\nversion.scheme = "yy.m.d.n"\nindex.url = "${index}"\n`,
  );
  const ran = await expectStatus(0, "es-version", ["next", "--date", "2026-11-21"], { cwd });
  assert.equal(recordsOf(ran.stdout)[0].version, "26.11.21.1");
});

test("the project's name comes from pyproject.toml, the index from the environment", async (t) => {
  const cwd = scratch(t);
  writeFileSync(join(cwd, "pyproject.toml"), '[project]\nname = "essay-demo"\n');
  const env = { ESSAY_INDEX: await indexOf(t, ["essay_demo-6.11.21.1.tar.gz"]) };
  const ran = await expectStatus(0, "es-version", ["next", "--date", "2026-11-21"], { cwd, env });
  assert.deepEqual(
    recordsOf(ran.stdout).map(({ project, version }) => [project, version]),
    [["essay-demo", "6.11.21.2"]],
  );
});

test("the day is the one of the time zone", async (t) => {
  const index = await indexOf(t, []);
  const version = async (TZ: string) => {
    const env = { SOURCE_DATE_EPOCH: String(Date.UTC(2026, 10, 21, 23, 30) / 1000), TZ };
    const args = ["next", "--project", "essay_demo", "--index", index];
    const ran = await expectStatus(0, "es-version", args, { cwd: scratch(t), env });
    return recordsOf(ran.stdout)[0].version;
  };
  assert.equal(await version("UTC"), "6.11.21.1");
  assert.equal(await version("Asia/Shanghai"), "6.11.22.1");
});

test("a version that would sort below the published ones is refused with the ways on", async (t) => {
  const index = await indexOf(t, ["essay_demo-99.0.tar.gz"]);
  const ran = await expectStatus(1, "es-version", next("--index", index), { cwd: scratch(t) });
  assert.equal(ran.stdout, "");
  assert.match(
    ran.stderr,
    /would-sort-below: .* 6\.11\.21\.1, but .* 99\.0.*es-version use '1!6\.11\.21\.1'/,
  );
  // That way on.
  assert.equal(await nextOn(t, ["essay_demo-99.0.tar.gz", "essay_demo-1%216.11.21.1.tar.gz"]), "1!6.11.21.2");
});

test("after 2029 the year of one digit begins anew: refused with the ways on", async (t) => {
  const files = ["essay_demo-9.12.31.4.tar.gz"];
  const args = [
    "next",
    "--project",
    "essay_demo",
    "--date",
    "2030-01-02",
    "--index",
    await indexOf(t, files),
  ];
  const ran = await expectStatus(1, "es-version", args, { cwd: scratch(t) });
  assert.equal(ran.stdout, "");
  assert.match(
    ran.stderr,
    /would-sort-below: .*0\.1\.2\.1.*below the published 9\.12\.31\.4.*one digit.*"yy\.m\.d\.n"/,
  );
  const later = await expectStatus(0, "es-version", [...args, "--scheme", "yy.m.d.n"], { cwd: scratch(t) });
  assert.equal(recordsOf(later.stdout)[0].version, "30.1.2.1");
});

test("latest is the newest finished version that is not yanked", async (t) => {
  const page = simplePage([
    "<a href='/f/essay_demo-6.11.21.9.tar.gz'>essay_demo-6.11.21.9.tar.gz</a>",
    "<a href='/f/essay_demo-6.11.21.10.tar.gz'>essay_demo-6.11.21.10.tar.gz</a>",
    "<a href='/f/essay_demo-6.11.22.1.tar.gz' data-yanked=''>essay_demo-6.11.22.1.tar.gz</a>",
    "<a href='/f/essay_demo-6.12.1.1rc1.tar.gz'>essay_demo-6.12.1.1rc1.tar.gz</a>",
  ]);
  const index = await serve(t, (_, response) => response.setHeader("content-type", "text/html").end(page));
  const args = ["latest", "--project", "essay_demo", "--index", index];
  const ran = await expectStatus(0, "es-version", args, { cwd: scratch(t) });
  assert.deepEqual(recordsOf(ran.stdout), [{ project: "essay_demo", version: "6.11.21.10" }]);
});

test("latest of nothing is a failure", async (t) => {
  const index = await indexOf(t, []);
  const args = ["latest", "--project", "essay_demo", "--index", index];
  const ran = await expectStatus(1, "es-version", args, { cwd: scratch(t) });
  assert.match(ran.stderr, /no-version: .* has no version of essay_demo/);
});

type Answer = Parameters<RequestListener>[1];

/** `es-version next` on an index, with a home directory that has these files. */
async function nextFrom(
  t: TestContext,
  index: string,
  files: Record<string, string> = {},
  ...more: string[]
) {
  const cwd = scratch(t);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text, { mode: 0o600 });
  const env = { HOME: cwd, NETRC: "", ESSAY_CONFIG: "", no_proxy: "*" };
  return program("es-version", next("--index", index, ...more), { cwd, env });
}

/** An answer with a page of this type. */
const page = (type: string, text: string) => (_: unknown, response: Answer) =>
  response.setHeader("content-type", type).end(text);
const json = "application/vnd.pypi.simple.v1+json";
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (_: unknown, response: Answer) =>
    response.writeHead(code, headers).end("<html>an error page</html>");

test("an index that does not answer as one is a failure that says why, never a first version", async (t) => {
  const bad: [string | RequestListener, RegExp][] = [
    [
      page("text/html", "<h1>Wartung</h1><p>Bitte später</p>"),
      /not-an-index: \S+ is no page of a package index/,
    ],
    [page("text/plain", "hello"), /not-an-index: .* its type is text\/plain/],
    [page(json, '{"files": ['), /not-an-index: .* it is not JSON/],
    [page(json, '{"meta":{"api-version":"2.0"},"files":[]}'), /not-an-index: .* its version is 2\.0/],
    [status(403), /http-403: \S+ answers 403 Forbidden/],
    [status(410), /http-410/],
    [
      status(401),
      /auth-failed: \S+ wants a user name and password: ~\/\.netrc and ~\/\.pypirc are the places/,
    ],
    [status(500), /http-500: \S+ answers 500 Internal Server Error/],
    [
      status(503, { "retry-after": "7200" }),
      /http-503: \S+ answers 503 Service Unavailable; it asks to come back in 7200 s/,
    ],
    [
      status(302, { location: "http://127.0.0.2/x/" }),
      /redirected: .* http:\/\/127\.0\.0\.2\/x\/; if that is/,
    ],
    [status(301, { location: "/simple/essay-demo/" }), /bad-answer: \S+ redirects in a circle/],
    [(request) => request.socket.destroy(), /reset: cannot reach \S+: the connection was cut/],
    [`${await nobody()}/simple/`, /refused: cannot reach \S+: nothing listens there/],
    [`http://${"a".repeat(64)}.invalid/simple/`, /unresolved: cannot reach \S+: its name is not known/],
    ["ftp://127.0.0.1/simple/", /bad-index: ftp:\S+ is no http or https URL/],
  ];
  const check = async ([answer, said]: (typeof bad)[number]) => {
    const ran = await nextFrom(t, typeof answer === "string" ? answer : await serve(t, answer));
    assert.equal(ran.stdout, "", ran.report);
    assert.equal(ran.status, 1, ran.report);
    assert.match(ran.stderr, said, ran.report);
  };
  await Promise.all(bad.map(check));
});

test("what passes by itself is waited for: a restarting server, a cut connection, half a page", async (t) => {
  let times = 0;
  const text = simplePage(["<a href='/f/essay_demo-6.11.21.1.tar.gz'>essay_demo-6.11.21.1.tar.gz</a>"]);
  const index = await serve(t, (request, response) => {
    times++;
    if (times === 1) return response.writeHead(502).end();
    if (times === 2) return request.socket.destroy();
    response.setHeader("content-type", "text/html");
    if (times > 3) return response.end(text);
    response.setHeader("content-length", text.length);
    response.write(text.slice(0, 40), () => request.socket.destroy());
  });
  const ran = await nextFrom(t, index);
  assert.equal(ran.status, 0, ran.report);
  assert.equal(recordsOf(ran.stdout)[0].version, "6.11.21.2");
  assert.equal(times, 4);
});

test("a redirect to another origin is not followed, and no credentials travel there", async (t) => {
  let strangers = 0;
  const other = await web(t, (_, response) => {
    strangers++;
    response.end();
  });
  const index = await serve(t, status(302, { location: `${other}/simple/essay-demo/` }));
  const ran = await nextFrom(t, index.replace("//", "//joe:s3cret@"));
  assert.equal(ran.status, 1, ran.report);
  assert.match(ran.stderr, /redirected/);
  assert.doesNotMatch(ran.stderr + ran.stdout, /s3cret/);
  assert.equal(strangers, 0);
});

test("who we are comes from the URL, the named index, ~/.pypirc or ~/.netrc", async (t) => {
  const wanted = `Basic ${Buffer.from("joe:p@ss:/%").toString("base64")}`;
  const index = await serve(t, (request, response) => {
    if (request.headers.authorization !== wanted) return response.writeHead(401).end();
    response.setHeader("content-type", "text/html").end(simplePage([]));
  });
  const password = encodeURIComponent("p@ss:/%");
  const within = index.replace("//", `//joe:${password}@`);
  const config = `[index.internal]\nurl = "${within}"\n`;
  const root = index.replace("simple/", "");
  const ways: [string, Record<string, string>][] = [
    [within, {}],
    ["internal", { "essay.toml": config }],
    // As a record or ESSAY_INDEX has it: without credentials.
    [index, { "essay.toml": config }],
    [index, { ".pypirc": `[local]\nrepository = ${root}\nusername = joe\npassword = p@ss:/%\n` }],
    [index, { ".netrc": "machine 127.0.0.1 login joe password p@ss:/%\n" }],
  ];
  const check = async ([name, files]: (typeof ways)[number]) => {
    const ran = await nextFrom(t, name, files);
    assert.equal(ran.status, 0, ran.report);
    assert.ok(!`${ran.stdout}${ran.stderr}`.includes(password), ran.report);
  };
  await Promise.all(ways.map(check));
  const wrong = await nextFrom(t, index, { ".netrc": "machine 127.0.0.1 login joe password no\n" });
  assert.equal(wrong.status, 1, wrong.report);
  assert.match(wrong.stderr, /auth-failed: \S+ does not take the user name and password given/);
  const broken = await nextFrom(t, index, { ".pypirc": "repository = x\n" });
  assert.equal(broken.status, 2, broken.report);
  assert.match(broken.stderr, /\.pypirc, line 1: neither a \[section\]/);
});

test("an index with a certificate of its own authority, and one behind a proxy", async (t) => {
  const { origin, ca } = await secureWeb(t, page("text/html", simplePage([])));
  const index = `${origin}/simple/`;
  const unknown = await nextFrom(t, index);
  assert.equal(unknown.status, 1, unknown.report);
  assert.match(unknown.stderr, /bad-certificate: .* is not trusted .*--ca-bundle/);
  assert.equal((await nextFrom(t, index, {}, "--ca-bundle", ca)).status, 0);
  const config = `index.url = "${index}"\nindex.ca_bundle = "${ca}"\n`;
  assert.equal((await nextFrom(t, index, { "essay.toml": config })).status, 0);
  const asked: (string | undefined)[] = [];
  const proxy = await web(t, (request, response) => {
    asked.push(request.url);
    page("text/html", simplePage([]))(request, response);
  });
  const far = `index.far.url = "http://pypi.example/simple/"\nindex.far.proxy = "${proxy}"\n`;
  assert.equal((await nextFrom(t, "far", { "essay.toml": far })).status, 0);
  assert.deepEqual(asked, ["http://pypi.example/simple/essay-demo/"]);
});

test("midnight: the day is looked at once the index has answered", async (t) => {
  const index = await indexOf(t, ["essay_demo-6.11.21.3.tar.gz"]);
  const at = async (moment: number) => {
    const env = { SOURCE_DATE_EPOCH: String(moment / 1000), TZ: "UTC" };
    const args = ["next", "--project", "essay_demo", "--index", index];
    const ran = await expectStatus(0, "es-version", args, { cwd: scratch(t), env });
    return recordsOf(ran.stdout)[0].version;
  };
  const midnight = Date.UTC(2026, 10, 22);
  assert.equal(await at(midnight - 1000), "6.11.21.4");
  assert.equal(await at(midnight), "6.11.22.1");
});

test("a later day on the index than here is said to be one", async (t) => {
  const index = await indexOf(t, ["essay_demo-6.11.22.1.tar.gz"]);
  const ran = await expectStatus(1, "es-version", next("--index", index), { cwd: scratch(t) });
  assert.match(ran.stderr, /would-sort-below: .* 6\.11\.22\.1, which is of a later day: look at the clock/);
});

test("--timeout ends the wait for a slow index", async (t) => {
  const index = await serve(t, () => {});
  const args = next("--index", index, "--timeout", "0.3");
  const ran = await expectStatus(1, "es-version", args, { cwd: scratch(t) });
  assert.match(ran.stderr, /timeout: es-version did not end within 0\.3 s/);
});

test("use takes a version in any spelling and asks no index", async (t) => {
  const cwd = scratch(t);
  const ran = await expectStatus(0, "es-version", ["use", "v6.11.21.01+Fix-Bug", "--project", "x"], { cwd });
  const [record] = recordsOf(ran.stdout);
  assert.equal(record.version, "6.11.21.1+fix.bug");
  assert.match(record.released, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const dry = await expectStatus(0, "es-version", ["use", "1.0", "--project", "x", "--dry-run"], { cwd });
  assert.equal(recordsOf(dry.stdout)[0].plan, true);
});

test("a label, by the flag or as the seed wrote it, makes a local version", async (t) => {
  const cwd = scratch(t);
  const versionOf = async (...args: string[]) => {
    const ran = await expectStatus(0, "es-version", [...args, "--project", "essay_demo"], { cwd });
    return [recordsOf(ran.stdout)[0].version, ran.stderr];
  };
  assert.deepEqual(await versionOf("use", "6.11.21.1-fixbug"), [
    "6.11.21.1+fixbug",
    "es-version: 6.11.21.1-fixbug is read as 6.11.21.1+fixbug\n",
  ]);
  for (const [label, local] of [
    ["1", "1"],
    ["dev1", "dev1"],
    ["Fix-Bug", "fix.bug"],
  ])
    assert.equal((await versionOf("use", `6.11.21.1-${label}`))[0], `6.11.21.1+${local}`);
  assert.deepEqual(await versionOf("use", "6.11.21.1", "--name", "fixbug"), ["6.11.21.1+fixbug", ""]);
  const files = ["essay_demo-6.11.21.1.tar.gz", "essay_demo-6.11.21.2%2Bfixbug.tar.gz"];
  assert.equal(await nextOn(t, files, "--name", "again"), "6.11.21.3+again");
});

test("list has the published versions, the oldest first, and says which are yanked", async (t) => {
  const index = await web(t, (_, response) => {
    const file = (filename: string, yanked?: unknown) => ({
      filename,
      url: `/f/${filename}`,
      hashes: {},
      yanked,
    });
    response.setHeader("content-type", "application/vnd.pypi.simple.v1+json");
    response.end(
      JSON.stringify({
        meta: { "api-version": "1.1" },
        name: "essay-demo",
        files: [
          file("essay_demo-6.11.21.10.tar.gz", "a reason"),
          file("essay_demo-6.11.21.10-py3-none-any.whl", true),
          file("essay_demo-6.11.21.9.tar.gz", ""),
          file("essay_demo-6.11.21.11rc1.tar.gz"),
          file("essay_demo-6.11.21.8.tar.gz", false),
          file("essay_demo-6.11.21.8-py3-none-any.whl", "broken wheel"),
        ],
      }),
    );
  });
  const args = ["--project", "essay_demo", "--index", `${index}/simple/`];
  const ran = await expectStatus(0, "es-version", ["list", ...args], { cwd: scratch(t) });
  assert.deepEqual(recordsOf(ran.stdout), [
    { project: "essay_demo", version: "6.11.21.8" },
    { project: "essay_demo", version: "6.11.21.9" },
    { project: "essay_demo", version: "6.11.21.10", yanked: true },
    { project: "essay_demo", version: "6.11.21.11rc1" },
  ]);
  const latest = await expectStatus(0, "es-version", ["latest", ...args], { cwd: scratch(t) });
  assert.deepEqual(recordsOf(latest.stdout), [{ project: "essay_demo", version: "6.11.21.9" }]);
});

test("list of nothing is a failure, unless --allow-empty", async (t) => {
  const args = ["list", "--project", "essay_demo", "--index", await indexOf(t, [])];
  const ran = await expectStatus(1, "es-version", args, { cwd: scratch(t) });
  assert.match(ran.stderr, /nothing to do: http:\S+ has no version of essay_demo/);
  await expectStatus(0, "es-version", [...args, "--allow-empty"], { cwd: scratch(t) });
});

test("check says whether a version would be a new one and the latest", async (t) => {
  const index = await indexOf(t, ["essay_demo-6.11.21.9.tar.gz", "essay_demo-6.11.22.1rc1.tar.gz"]);
  const check = (version: string) =>
    program("es-version", ["check", version, "--project", "essay_demo", "--index", index], {
      cwd: scratch(t),
    });
  const good: [string, string, RegExp][] = [
    [
      "6.11.21.10",
      "6.11.21.10",
      /^essay_demo \S+ {2}es-version {2}new on http:\S+, above the latest one, 6\.11\.21\.9\n$/,
    ],
    ["v6.11.21.010", "6.11.21.10", /the normal form of v6\.11\.21\.010 is 6\.11\.21\.10\n.*above/],
    ["6.11.21.9-fixbug", "6.11.21.9+fixbug", /^es-version: 6\.11\.21\.9-fixbug is read as \S+\n.*above/],
    ["6.11.22.1", "6.11.22.1", /above the latest one, 6\.11\.21\.9\n$/],
  ];
  for (const [typed, version, said] of good) {
    const ran = await check(typed);
    assert.equal(ran.status, 0, ran.report);
    assert.deepEqual(recordsOf(ran.stdout), [{ project: "essay_demo", version }]);
    assert.match(ran.stderr, said);
  }
  const args = ["check", "0.1", "--project", "other", "--index", index];
  const first = await expectStatus(0, "es-version", args, { cwd: scratch(t) });
  assert.match(first.stderr, /^other 0\.1 {2}es-version {2}new on \S+, the first one there\n$/);
  const bad: [string, RegExp][] = [
    ["6.11.21.9", /already-exists: http:\S+ has essay_demo 6\.11\.21\.9 already/],
    ["6.11.22.1rc1", /already-exists/],
    ["6.11.21.8", /would-sort-below: essay_demo 6\.11\.21\.8 does not sort above .* 6\.11\.21\.9$/m],
    ["6.11.21.9.0", /would-sort-below/],
    ["6.11.21.x", /not-a-version: 6\.11\.21\.x is no version/],
  ];
  for (const [typed, said] of bad) {
    const ran = await check(typed);
    assert.equal(ran.status, 1, ran.report);
    assert.equal(ran.stdout, "", ran.report);
    assert.match(ran.stderr, said, ran.report);
  }
});

test("wrong calls end with status 2 and say why", async (t) => {
  const cwd = scratch(t);
  const calls: [string[], RegExp][] = [
    [[], /an operand is missing/],
    [["nxt"], /unknown verb nxt; did you mean next\?/],
    [["use", "--project", "x"], /an operand of use is missing/],
    [["use", "fixbug", "--project", "x"], /fixbug is no version/],
    [["use", "1.0+a", "--name", "b", "--project", "x"], /1\.0\+a has a label already/],
    [next("--index", "http://127.0.0.1:1/", "--name", "a b"), /a b is no label/],
    [["latest", "--name", "b", "--project", "x"], /latest takes no --name/],
    [["list", "--project", "x", "--", "cat"], /list takes no command after --/],
    [["check", "--project", "x"], /an operand of check is missing/],
    [next("--index", "http://127.0.0.1:1/", "--"), /after -- comes a command/],
    [["use", "1.0", "--project", "../x"], /no name of a project/],
    [["use", "1.0", "--date", "2026-11-21", "--project", "x"], /use takes no --date/],
    [["use", "1.0", "--index", "http://127.0.0.1:1/", "--project", "x"], /use takes no --index/],
    [["use", "1.0", "--ca-bundle", "ca.pem", "--project", "x"], /use takes no --ca-bundle/],
    [["latest", "1.0"], /takes no operand/],
    [next("--index", "http://127.0.0.1:1/", "--scheme", "y.m.d"), /unknown version scheme/],
    [
      ["next", "--date", "tomorrow", "--project", "x", "--index", "http://127.0.0.1:1/"],
      /--date takes a day/,
    ],
    [["next", "--project", "x", "--index", ""], /--index needs a value/],
    [["next", "--project", "x"], /no index\.url: say it by --index/],
    [["use", "1.0"], /no project: say it by --project/],
  ];
  for (const [args, message] of calls) {
    const ran = await expectStatus(2, "es-version", args, { cwd });
    assert.match(ran.stderr, message, ran.report);
  }
  const env = { SOURCE_DATE_EPOCH: "soon" };
  await expectStatus(2, "es-version", ["use", "1.0", "--project", "x"], { cwd, env });
});

test("a terminal gets a table", async (t) => {
  const line = `'${process.execPath}' '${join(bins, "es-version")}' use 1.0 --project essay_demo`;
  const ran = await expectStatus(0, "script", ["-qec", line, "/dev/null"], { cwd: scratch(t) });
  assert.match(ran.stdout, /^PROJECT +VERSION.*\r?\nessay_demo +1\.0/);
});
