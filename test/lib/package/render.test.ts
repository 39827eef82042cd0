import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkUnrendered,
  parsePyproject,
  renderedFiles,
  renderFile,
  setProjectVersion,
  versionFiles,
} from "../../../lib/package/render.js";

const commit = "0123456789abcdef0123456789abcdef01234567";
const release = { version: "6.11.21.1+fix", commit, released: "2013-11-20T08:30:00Z" };
const render = (text: string | Buffer, more = {}) =>
  renderFile("conf/a.py", Buffer.from(text), { ...release, ...more });

test("placeholders become version, commit and time", () => {
  const text = "${version}|${git_version}|${release_time}|${version}";
  assert.equal(render(text).toString(), `6.11.21.1+fix|${commit}|2013-11-20 08:30:00|6.11.21.1+fix`);
  assert.equal(
    render("$version $ {version} ${HOME} ${} $${A_1}").toString(),
    "$version $ {version} ${HOME} ${} $${A_1}",
  );
  assert.equal(
    render("${release_time}", { released: "2026-01-02T03:04:05.678Z" }).toString(),
    "2026-01-02 03:04:05",
  );
});

test("bytes of any encoding stay", () => {
  const bytes = Buffer.concat([Buffer.from([0xe9, 0xff, 0x00, 0x0d, 0x0a]), Buffer.from("ü ${version}")]);
  const wanted = Buffer.concat([bytes.subarray(0, 5), Buffer.from("ü 6.11.21.1+fix")]);
  assert.deepEqual(render(bytes), wanted);
});

test("a mistyped placeholder is named with its line", () => {
  assert.throws(() => render("a\nb ${verson}\n"), {
    code: "unknown-placeholder",
    message: /^conf\/a\.py:2: \$\{verson\} is no placeholder of a release; did you mean version\?/,
  });
  assert.throws(() => render("${name}"), { code: "unknown-placeholder" });
});

test("a time is needed only where it is told", () => {
  assert.equal(render("${version}", { released: undefined }).toString(), "6.11.21.1+fix");
  for (const released of [undefined, "yesterday", "2013-11-20T08:30:00+08:00"])
    assert.throws(() => render("${release_time}", { released }), {
      code: "bad-record",
      message: /conf\/a\.py/,
    });
});

test("which files are rendered", () => {
  const paths = [
    "setup.py",
    "pyproject.toml",
    "web/__init__.py",
    "web/settings.py",
    "src/api/__init__.py",
    "src/api/settings/__init__.py",
    "src/api/settings/more.py",
    "docs/settings.py",
    "a/b/__init__.py",
    "a/b/settings.py",
    "conf/app.ini",
  ];
  assert.deepEqual([...renderedFiles(paths, ["./conf/app.ini"])].sort(), [
    "conf/app.ini",
    "pyproject.toml",
    "setup.py",
    "src/api/settings/__init__.py",
    "web/settings.py",
  ]);
  assert.throws(() => renderedFiles(paths, ["conf/ap.ini"]), {
    code: "no-file",
    message: /build\.settings names conf\/ap\.ini.*did you mean conf\/app\.ini\?/,
  });
  assert.ok(versionFiles(paths).has("src/api/__init__.py"));
  assert.ok(!versionFiles(paths).has("a/b/__init__.py"));
});

test("a placeholder in a file that is not rendered is an error", () => {
  checkUnrendered("web/__init__.py", Buffer.from("v = '$version ${other} ${versions}'"));
  assert.throws(() => checkUnrendered("web/__init__.py", Buffer.from("v = '${git_version}'")), {
    code: "unrendered",
    message: /web\/__init__\.py has the placeholder \$\{git_version\}.*build\.settings/,
  });
});

test("a static project.version is set, wherever it stands, and nothing else", async () => {
  const texts = [
    '[project]\nname = "a"\nversion = "0"\n',
    "[project]\nversion='0' # a comment\nname = 'a'\n",
    '[tool.x]\nversion = "0"\n\n[project]\n"version" = "0"\ntarget-version = "0"\n',
    'project = { name = "a", version = "0" }\n',
    'project.version = "0"\nproject.name = "a"\n',
    '[project]\r\ndescription = """\r\nversion = "0"\r\n"""\r\nversion = "0"\r\n',
    'x = "[project]"\n[[tool.y]]\nversion = "0"\n[ project ]\nversion   =   "0"',
  ];
  for (const text of texts) {
    const changed = await setProjectVersion(text, "6.11.21.1");
    const { project } = (await parsePyproject(changed)) as { project: { version: string } };
    assert.equal(project.version, "6.11.21.1", text);
    const at = changed.indexOf('"6.11.21.1"');
    const after = changed.slice(at + '"6.11.21.1"'.length);
    assert.ok(text.startsWith(changed.slice(0, at)) && text.endsWith(after), text);
    assert.equal(text.length - at - after.length, 3, text);
  }
});

test("a version that is not static, or right already, stays", async () => {
  for (const text of [
    '[project]\nname = "a"\ndynamic = ["version"]\n',
    '[tool.poetry]\nversion = "0"\n',
    '[project]\nversion = "6.11.21.1"\n',
    "",
  ])
    assert.equal(await setProjectVersion(text, "6.11.21.1"), text);
});

test("a pyproject.toml that cannot be read or set is named", async () => {
  await assert.rejects(setProjectVersion('[project]\nversion = "0\n', "1"), {
    code: "bad-pyproject",
    message: /^pyproject\.toml:2: /,
  });
  await assert.rejects(setProjectVersion('[project]\nversion = """0"""\n', "1"), {
    code: "bad-pyproject",
    message: /write it as version = "0"/,
  });
});
