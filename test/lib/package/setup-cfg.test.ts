import assert from "node:assert/strict";
import { test } from "node:test";
import { readSetupCfg } from "../../../lib/package/setup-cfg.js";

test("what is declared becomes a table as in pyproject.toml", () => {
  const text = `# a comment
[metadata]
name = essay_demo
version = attr: essay_demo.VERSION
description = A demo:
    in two lines
long_description = file: README.rst, CHANGES.rst
long_description_content_type = text/x-rst
author = Ada
author-email = ada@example.org
license = MIT
keywords = web, demo
url = https://a.example/
project_urls =
    Source = https://b.example/?a=b
    ; not this one
classifiers =
    Programming Language :: Python
    Topic :: Internet

[options]
python_requires = >=3.8
install_requires =
    tornado>=6; python_version < "4"
    django==4.2
[options.extras_require]
test = pytest; coverage
docs =
    sphinx
[options.package_data]
* = x
`;
  assert.deepEqual(readSetupCfg(text), {
    name: "essay_demo",
    description: "A demo: in two lines",
    readme: { file: ["README.rst", "CHANGES.rst"], "content-type": "text/x-rst" },
    keywords: ["web", "demo"],
    authors: [{ name: "Ada" }, { email: "ada@example.org" }],
    maintainers: [],
    license: "MIT",
    classifiers: ["Programming Language :: Python", "Topic :: Internet"],
    urls: { Homepage: "https://a.example/", Source: "https://b.example/?a=b" },
    "requires-python": ">=3.8",
    dependencies: ['tornado>=6; python_version < "4"', "django==4.2"],
    "optional-dependencies": { test: ["pytest", "coverage"], docs: ["sphinx"] },
  });
});

test("what is elsewhere is left out, and a file without it declares nothing", () => {
  const text =
    "[metadata]\nname: a\ndescription = attr: a.TEXT\nclassifiers = file: classifiers.txt\nlong_description = words\n[options]\ninstall_requires = file: requirements.txt\n";
  assert.deepEqual(readSetupCfg(text), {
    name: "a",
    readme: { text: "words", "content-type": "text/x-rst" },
    authors: [],
    maintainers: [],
    urls: {},
  });
  assert.deepEqual(readSetupCfg("[flake8]\nname = x\n"), { authors: [], maintainers: [], urls: {} });
});
