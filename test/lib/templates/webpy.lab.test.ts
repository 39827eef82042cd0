// A site with web.py, built, installed and served by gunicorn; and projects of one's own that es-init prepares for
// the same, on the same host.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { answersOf, type Deployment, startDeployment } from "../../lab/deployment.js";
import { fetchPage } from "../../lab/http.js";
import { recordsOf } from "../../lab/program.js";

let lab: Deployment;
let address: string;

before(async () => {
  lab = await startDeployment({ hosts: 1, template: "webpy" });
  address = lab.ssh.hosts[0]?.address ?? "";
});
after(() => lab.stop());

async function good(script: string) {
  const ran = await lab.sh(`set -eo pipefail; ${script}`);
  assert.equal(ran.status, 0, ran.report);
  return ran;
}

test("a site with web.py is built, and gunicorn serves it", async () => {
  const built = await good("es build");
  const [{ version }] = recordsOf(built.stdout);
  const ran = await good(`es deploy ${version} a live -R dev`);
  assert.deepEqual(answersOf(ran), [`${address} 8800 200`, `${address} 8801 200`], ran.report);
  const page = await fetchPage(`http://${address}:8800/`);
  assert.equal(page.body, `essay_demo ${version}\n`);
  assert.equal((await fetchPage(`http://${address}:8800/other`)).status, 404);
  await good('es validate a -R dev --expect-header "Server: gunicorn"');
});

const server = `
import argparse, http.server, importlib.metadata
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(importlib.metadata.version("my-site").encode())
def main():
    parser = argparse.ArgumentParser()
    for name in ("--profile", "--bind", "--port"):
        parser.add_argument(name)
    given = parser.parse_args()
    http.server.HTTPServer((given.bind, int(given.port)), Page).serve_forever()
`;
const script = '[project.scripts]\nmy-site = "my_site.main:main"\n';

/** Projects that were there before essay: what they have, and what es-init says that it leaves out beside the package. */
const projects: Record<string, { files: Record<string, string>; left: readonly string[] }> = {
  "a static version": {
    files: {
      "pyproject.toml": `[project]\nname = "my-site"\nversion = "1.0.3"\n${script}[tool.setuptools]\npackages = ["my_site"]\n`,
      "my_site/main.py": server,
      "README.rst": "My site\n",
      "MANIFEST.in": "include *.rst\n",
    },
    left: ["MANIFEST.in", "README.md out: there is README.rst"],
  },
  "a version of setuptools-scm, and a src layout": {
    files: {
      "pyproject.toml": `[build-system]\nrequires = ["setuptools>=61", "setuptools-scm"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "my-site"\ndynamic = ["version"]\n${script}[tool.setuptools.packages.find]\nwhere = ["src"]\n[tool.setuptools_scm]\n`,
      "src/my_site/__init__.py": "",
      "src/my_site/main.py": server,
      ".gitignore": "*.egg-info\n",
    },
    left: [".gitignore"],
  },
};

for (const [number, [name, { files, left }]] of Object.entries(projects).entries())
  test(`a project with ${name} is prepared by es init, released and deployed`, async () => {
    const folder = `../adopted${number}`;
    for (const [file, text] of Object.entries(files)) {
      const path = join(lab.project, folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    const prepared = await good(
      `cd ${folder} && git init -q -b master && git add -A && git commit -qm Mine && es init`,
    );
    for (const [file, text] of Object.entries(files))
      assert.equal(readFileSync(join(lab.project, folder, file), "utf8"), text, file);
    const lines = prepared.stderr.split("\n");
    for (const what of left) assert.ok(lines.includes(`left   ${what}`), prepared.report);
    assert.ok(lines.includes("added  essay.toml"), prepared.report);
    assert.ok(lines.includes("left   pyproject.toml"), prepared.report);
    assert.ok(!lines.some((line) => /^added .*\.py$/.test(line)), prepared.report);

    const toml = join(lab.project, folder, "essay.toml");
    const text = readFileSync(toml, "utf8").replace(
      /^dev = .*$/m,
      `dev = { hosts = ["${lab.ssh.inventory[0]}"], bind = "{host}" }`,
    );
    writeFileSync(toml, text.replace(/^a = "880"\nb = "881"/m, 'a = "890"\nb = "891"'));
    const version = `26.1.31.${number + 1}`;
    await good(`cd ${folder} && git add -A && git commit -qm 'essay' &&
      es-version use ${version} | es-sdist | es-wheel --no-isolation --python /usr/bin/python3 | es-upload >release.jsonl &&
      es-hosts dev --release release.jsonl | es-venv ${number === 0 ? "a" : "b"} | es-pip | es-supervisor up |
      es-check >run.jsonl`);
    const [record] = recordsOf(readFileSync(join(lab.project, folder, "run.jsonl"), "utf8"));
    assert.deepEqual(record.installed, { "my-site": version });
    assert.equal((await fetchPage(`http://${address}:89${number}0/`)).body, version);
  });
