// The smallest project that there is, as wheel and sdist.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReleaseFile } from "../../lib/base/schema.js";

const script = fileURLToPath(new URL("../../../test/lab/tiny.py", import.meta.url));

/** A file as a release record describes it. */
export function releaseFile(directory: string, filename: string, version: string): ReleaseFile {
  const path = join(directory, filename);
  const bytes = readFileSync(path);
  return {
    path,
    filename,
    kind: filename.endsWith(".whl") ? "wheel" : "sdist",
    name: filename.replace(/-.*/, ""),
    version,
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}

const large = `import os, sys, zipfile
directory, version, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
with zipfile.ZipFile(f"{directory}/large-{version}-py3-none-any.whl", "w") as wheel:
    wheel.writestr("large.bin", os.urandom(size))
    folder = f"large-{version}.dist-info"
    wheel.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\\nName: large\\nVersion: {version}\\n")
    wheel.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{folder}/RECORD", "")
`;

/** Makes the wheel of a project "large", with so many random bytes; its file name comes back. */
export function wheelOfSize(directory: string, version: string, size: number): string {
  execFileSync("/usr/bin/python3", ["-c", large, directory, version, String(size)]);
  return `large-${version}-py3-none-any.whl`;
}

/** Makes the sdist and the wheel of a project with one module; the same arguments give the same bytes. */
export function tiny(
  directory: string,
  version = "1.0",
  name = "tiny",
  text = `version = "${version}"\n`,
  metadata: readonly string[] = [],
): ReleaseFile[] {
  mkdirSync(directory, { recursive: true });
  execFileSync("/usr/bin/python3", [script, directory, name, version, text, ...metadata]);
  return [`${name}-${version}.tar.gz`, `${name}-${version}-py3-none-any.whl`].map((filename) =>
    releaseFile(directory, filename, version),
  );
}
