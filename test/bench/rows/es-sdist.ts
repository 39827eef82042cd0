// Packing a commit of 5,000 files and 59 MB.

import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bins } from "../../lab/program.js";
import { type Files, project, Repository } from "../../lab/repository.js";
import type { Bench } from "../comparison.js";
import { timeCommand } from "../time-command.js";

const count = 5000;
const bytes = 59_000_000;

/** Text that packs about as well as sources do: each line has some random digits. */
function source(size: number): string {
  const digits = randomBytes(Math.ceil(size / 5)).toString("hex");
  const lines: string[] = [];
  for (let at = 0, length = 0; length < size; at += 16) {
    const line = `    value_${digits.slice(at, at + 4)} = compute(self, "${digits.slice(at + 4, at + 16)}")\n`;
    lines.push(line);
    length += line.length;
  }
  return lines.join("").slice(0, size);
}

async function makeRepository(directory: string): Promise<Repository> {
  mkdirSync(directory);
  const repository = new Repository(directory);
  await repository.git("init", "--quiet");
  const files: Files = { ...project };
  for (let i = 0; i < count; i++)
    files[`essay_demo/part_${i % 50}/module_${i}.py`] = source(Math.round(bytes / count));
  await repository.commit(files);
  return repository;
}

export const bench: Bench = {
  async make(folder) {
    const { directory } = await makeRepository(join(folder, "repository"));
    const input = join(folder, "record");
    const record = { project: "essay_demo", version: "1.0", released: "2026-11-22T00:00:00Z" };
    writeFileSync(input, `${JSON.stringify(record)}\n`);
    const flags = ["-q", "--commit", "HEAD", "--repo", directory, "--out", join(folder, "out")];
    const archive = ["git", "-C", directory, "archive", "--format=tar.gz", "--prefix=essay_demo-1.0/"];
    return [
      {
        what: "es-sdist, 5,000 files, 59 MB",
        against: "git archive --format=tar.gz",
        budget: 1.2,
        binding: true,
        pairs: 7,
        ours: () => timeCommand([process.execPath, join(bins, "es-sdist"), ...flags], { folder, input }),
        theirs: () => timeCommand([...archive, "-o", join(folder, "archive.tar.gz"), "HEAD"], { folder }),
      },
    ];
  },
};
