// Sdists for tests, in the shape of a release record; a backend of their own builds them, so that no index and no
// setuptools is needed.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { expectStatus, recordsOf, scratch } from "./program.js";
import { type Files, repository } from "./repository.js";

/**
 * A PEP 517 backend that makes the wheel `filename` with one module, after running `first`; `metadata` are more lines
 * for its METADATA.
 */
export function backend(filename: string, first = "pass", metadata: readonly string[] = []): string {
  const [name, version] = filename.split("-");
  return `
import os, sys, zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    ${first.replaceAll("\n", "\n    ")}
    info = "${name}-${version}.dist-info"
    members = {
        "${name}.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: ${name}\\nVersion: ${version}\\n${metadata.map((line) => `${line}\\n`).join("")}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: lab\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{member},,\\n" for member in [*members, f"{info}/RECORD"])
    with zipfile.ZipFile(os.path.join(directory, "${filename}"), "w") as archive:
        for member, text in members.items():
            archive.writestr(zipfile.ZipInfo(member), text)
    return "${filename}"
`;
}

/** A project that builds itself. */
export function selfBuilding(build: string, requires: readonly string[] = []): Files {
  return {
    "pyproject.toml": `[build-system]\nrequires = ${JSON.stringify(requires)}\nbuild-backend = "backend"\nbackend-path = ["."]\n\n[project]\nname = "essay_demo"\nversion = "0"\n`,
    "backend.py": build,
  };
}

/** A release record of essay_demo 6.11.21.1, packed from these files by es-sdist. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into records of every kind
export async function packed(t: TestContext, files: Files): Promise<any> {
  const repo = await repository(t, files);
  const record = { project: "essay_demo", version: "6.11.21.1", released: "2026-11-21T08:00:00Z" };
  const args = ["--repo", repo.directory, "--branch", "master", "--out", join(scratch(t), "sdist")];
  const ran = await expectStatus(0, "es-sdist", args, { input: `${JSON.stringify(record)}\n` });
  return recordsOf(ran.stdout)[0];
}

/** Puts an sdist that builds itself into a folder: NAME-1.0.tar.gz. `scratch` is for its files. */
export function plainSdist(scratch: string, folder: string, name: string, first?: string): void {
  const stem = `${name}-1.0`;
  const files: Record<string, string> = {
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "backend.py": backend(`${stem}-py3-none-any.whl`, first),
    "PKG-INFO": `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
  };
  mkdirSync(join(scratch, stem), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(scratch, stem, file), text);
  execFileSync("tar", ["-czf", join(folder, `${stem}.tar.gz`), "-C", scratch, stem]);
}
