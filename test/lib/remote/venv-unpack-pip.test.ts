import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inPackage } from "../../../lib/base/package-root.js";
import { scratch } from "../../lab/program.js";
import { siteOf } from "../../lab/venv.js";

/** Makes in the working directory a wheel, and beside it a pip of which some modules are as in the wheel. */
const making = `
import compileall, os, zipfile

same = "def where():\\n    return where.__code__.co_filename\\n"
here = {"__init__": "", "same": same, "other": "x = 1\\n", "stale": "x = 1\\n", "half": "x = 1\\n"}
os.makedirs("own/pip")
for name, text in here.items():
    with open("own/pip/%s.py" % name, "w") as file:
        file.write(text)
compileall.compile_dir("own/pip", quiet=1)
os.utime("own/pip/stale.py", (1, 1))
[half] = [name for name in os.listdir("own/pip/__pycache__") if name.startswith("half.")]
os.truncate("own/pip/__pycache__/" + half, 10)
with zipfile.ZipFile("pip-1.0-py3-none-any.whl", "w") as wheel:
    for name, text in {**here, "other": "x = 2\\n", "more": ""}.items():
        wheel.writestr("pip/%s.py" % name, text)
    wheel.writestr("pip-1.0.dist-info/RECORD", "")
`;

test("what the interpreter has compiled of its own pip is taken where the sources are the same", (t) => {
  const at = scratch(t);
  execFileSync("python3", ["-I", "-c", making], { cwd: at });
  execFileSync("python3", ["-I", "-m", "venv", "--without-pip", "a"], { cwd: at });
  const python = (...args: string[]) =>
    execFileSync("a/bin/python", ["-I", ...args], { cwd: at, encoding: "utf8" });
  const script = inPackage("lib/remote/venv-unpack-pip.py");
  python(script, "pip-1.0-py3-none-any.whl", join(at, "own"));
  const cache = join(siteOf(join(at, "a")), "pip/__pycache__");
  const compiled = () => readdirSync(cache).sort();
  assert.deepEqual(
    compiled().map((name) => name.split(".")[0]),
    ["__init__", "same"],
  );

  // Python takes it as it is, and knows where its source is now.
  const before = readFileSync(join(cache, compiled()[1] ?? ""));
  assert.ok(before.includes("own/pip/same.py"));
  const where = python("-c", "import pip.same, pip.other; print(pip.same.where(), pip.other.x)");
  assert.equal(where, `${join(cache, "../same.py")} 2\n`);
  assert.deepEqual(readFileSync(join(cache, compiled()[2] ?? "")), before);

  python(script, "pip-1.0-py3-none-any.whl", "-");
  assert.deepEqual(readdirSync(join(cache, "..")).includes("__pycache__"), false);
});
