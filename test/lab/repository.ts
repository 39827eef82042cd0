// Git repositories for tests: private, with fixed authors and times, and free of the machine's configuration.

import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { expectStatus, scratch } from "./program.js";

const env = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.org",
  GIT_AUTHOR_DATE: "2026-11-20T08:30:00Z",
  GIT_COMMITTER_DATE: "2026-11-20T08:30:00Z",
};

/** The committer's time of every commit here, in seconds. */
export const commitTime = Date.UTC(2026, 10, 20, 8, 30) / 1000;

/** A file's content; `{ link }` is a symbolic link, `{ run }` an executable. */
export type Content = string | Buffer | { link: string } | { run: string };
/** Files by path; with "pyproject.toml" left out there is one of the project essay_demo. */
export type Files = Record<string, Content>;

export const pyproject =
  '[build-system]\nrequires = ["setuptools>=61", "wheel"]\nbuild-backend = "setuptools.build_meta"\n\n' +
  '[project]\nname = "essay_demo"\nversion = "0.0.0"\n\n[tool.setuptools]\npackages = ["essay_demo"]\n';

/** A pyproject.toml that tells indexes all that they take. */
export const described = `[project]
name = "essay_demo"
version = "0"
description = "A demo"
readme = "README.md"
requires-python = ">=3.8"
license = {text = "MIT"}
keywords = ["web", "demo"]
authors = [{name = "Ada"}, {name = "Bob, Jr.", email = "bob@example.org"}]
classifiers = ["Programming Language :: Python :: 3"]
dependencies = ["tornado>=6 ; python_version < '4'", "six"]
urls = {"Source Code" = "https://b.example/"}
[project.optional-dependencies]
test = ["pytest; sys_platform == 'linux' or os_name == 'nt'"]
`;

/** A small project that can be built. */
export const project: Files = {
  "pyproject.toml": pyproject,
  "essay_demo/__init__.py": "",
  "essay_demo/settings.py": 'VERSION = "${version}"\nCOMMIT = "${git_version}"\nTIME = "${release_time}"\n',
};

export class Repository {
  readonly directory: string;
  constructor(directory: string) {
    this.directory = directory;
  }

  /** Runs git in the repository and gives what it says, without the last line break. */
  async git(...args: string[]): Promise<string> {
    const ran = await expectStatus(0, "git", ["-C", this.directory, ...args], { env });
    return ran.stdout.replace(/\n$/, "");
  }

  write(files: Files): void {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.directory, path);
      mkdirSync(dirname(file), { recursive: true });
      if (typeof content === "string" || Buffer.isBuffer(content)) writeFileSync(file, content);
      else if ("link" in content) symlinkSync(content.link, file);
      else {
        writeFileSync(file, content.run);
        chmodSync(file, 0o755);
      }
    }
  }

  /** Writes and commits files, and gives the commit's id. */
  async commit(files: Files): Promise<string> {
    this.write(files);
    await this.git("add", "--all", "--force");
    await this.git("commit", "--quiet", "--allow-empty", "--message", "a change");
    return this.git("rev-parse", "HEAD");
  }
}

/** A new repository with the branch master and one commit of these files. */
export async function repository(t: TestContext, files: Files = project): Promise<Repository> {
  const made = new Repository(scratch(t));
  await made.git("init", "--quiet", "--initial-branch", "master");
  await made.commit(files);
  return made;
}
