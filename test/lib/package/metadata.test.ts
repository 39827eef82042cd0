import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { declaredReadme, pkgInfo } from "../../../lib/package/metadata.js";
import { expectStatus, scratch } from "../../lab/program.js";

test("a project that declares nothing has name and version", () => {
  assert.equal(pkgInfo("a", "1.0", {}, undefined), "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n");
});

test("what is declared is told, as Python's packaging reads it", async (t) => {
  const project = {
    name: "Essay.Demo",
    description: "Tells its version – ü",
    "requires-python": ">=3.8",
    dependencies: ["web.py", "x[a]>=1; python_version < '3' or os_name == 'nt'", "u @ https://h/a;b.zip"],
    "optional-dependencies": {
      Dev_Tools: [
        "pytest",
        "y>=2 ; os_name == 'nt' or os_name == 'x'",
        "z @ https://h/a;b.zip ; os_name == 'nt'",
      ],
      empty: [],
    },
    authors: [{ name: "Ada" }, { name: "Bob, Jr.", email: "bob@example.org" }, { email: "c@example.org" }],
    maintainers: [{ name: "Eve", email: "eve@example.org" }],
    keywords: ["web", "demo"],
    classifiers: ["Private :: Do Not Upload"],
    urls: { Home: "https://h/" },
    license: { text: "BSD-3-Clause" },
    scripts: { a: "b:c" },
  };
  const text = pkgInfo("Essay.Demo", "6.11.21.1", project, {
    text: "# Title\r\n\r\nText.\n\n",
    contentType: "text/markdown",
  });
  assert.equal(
    text,
    `Metadata-Version: 2.1
Name: Essay.Demo
Version: 6.11.21.1
Summary: Tells its version – ü
Keywords: web,demo
Author: Ada
Author-email: "Bob, Jr." <bob@example.org>, c@example.org
Maintainer-email: Eve <eve@example.org>
License: BSD-3-Clause
Classifier: Private :: Do Not Upload
Project-URL: Home, https://h/
Requires-Python: >=3.8
Requires-Dist: web.py
Requires-Dist: x[a]>=1; python_version < '3' or os_name == 'nt'
Requires-Dist: u @ https://h/a;b.zip
Provides-Extra: dev-tools
Requires-Dist: pytest ; extra == "dev-tools"
Requires-Dist: y>=2 ; (os_name == 'nt' or os_name == 'x') and extra == "dev-tools"
Requires-Dist: z @ https://h/a;b.zip ; os_name == 'nt' and extra == "dev-tools"
Provides-Extra: empty
Description-Content-Type: text/markdown

# Title

Text.
`,
  );
  const file = join(scratch(t), "PKG-INFO");
  writeFileSync(file, text);
  const script = `
import email, sys
from pip._vendor.packaging.requirements import Requirement
message = email.message_from_binary_file(open(sys.argv[1], "rb"))
assert not message.defects, message.defects
for each in message.get_all("Requires-Dist"): Requirement(each)
print(message["Version"], message.get_payload().splitlines()[0])`;
  const ran = await expectStatus(0, "/usr/bin/python3", ["-c", script, file]);
  assert.equal(ran.stdout, "6.11.21.1 # Title\n");
});

test("a licence in several lines is left to its file", () => {
  assert.doesNotMatch(pkgInfo("a", "1", { license: { text: "BSD\n\nCopyright" } }, undefined), /License/);
  assert.match(pkgInfo("a", "1", { license: "MIT" }, undefined), /^License: MIT$/m);
  assert.doesNotMatch(pkgInfo("a", "1", { license: { file: "LICENSE" } }, undefined), /License/);
});

test("where the readme is", () => {
  assert.deepEqual(declaredReadme({ readme: "./README.rst" }), {
    files: ["README.rst"],
    contentType: "text/x-rst",
  });
  assert.deepEqual(declaredReadme({ readme: { text: "hi", "content-type": "text/plain" } }), {
    files: [],
    text: "hi",
    contentType: "text/plain",
  });
  assert.equal(declaredReadme({}), undefined);
});

test("values of another type are named", () => {
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ description: 1 }, /project\.description must be a string/],
    [{ description: "a\nRequires-Dist: evil" }, /project\.description must be one line/],
    [{ dependencies: "x" }, /project\.dependencies must be a list/],
    [{ dependencies: ["x\nEvil: y"] }, /project\.dependencies/],
    [{ "optional-dependencies": [] }, /must be a table/],
    [{ authors: ["Ada"] }, /project\.authors must be a table/],
    [{ urls: { a: 1 } }, /project\.a must be a string/],
  ];
  for (const [project, message] of bad)
    assert.throws(() => pkgInfo("a", "1", project, undefined), { code: "bad-pyproject", message });
  for (const readme of [1, "README.doc", { file: "README" }, { "content-type": "text/plain" }])
    assert.throws(() => declaredReadme({ readme }), { code: "bad-pyproject" });
});
