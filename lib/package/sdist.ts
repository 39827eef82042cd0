// Writing a source distribution: `NAME-VERSION.tar.gz` with everything under `NAME-VERSION/` and a PKG-INFO in
// it (https://packaging.python.org/specifications/source-distribution-format/). The same release of the same
// commit gives the same bytes.

import { posix } from "node:path";
import { normaliseName, sdistStem } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import { isObject } from "../base/json.js";
import { printable } from "../base/printable.js";
import type { ReleaseFile } from "../base/schema.js";
import { type Blob, readBlob, readBlobs } from "./blobs.js";
import type { Checkout } from "./checkout.js";
import { declaredReadme, pkgInfo, type Readme } from "./metadata.js";
import { keepFile } from "./output.js";
import {
  checkUnrendered,
  parsePyproject,
  type Release,
  renderedFiles,
  renderFile,
  setProjectVersion,
  versionFiles,
} from "./render.js";
import { Archive } from "./tarball.js";
import type { TreeEntry } from "./tree.js";

export interface SdistRequest {
  /** The name that the release has, in any spelling. */
  project: string;
  /** PEP 440, normal form. */
  version: string;
  /** RFC 3339, UTC. */
  released: string | undefined;
  checkout: Checkout;
  /** Further files to render: build.settings. */
  settings: readonly string[];
  /** The folder for the file, absolute; made where it is not there. */
  out: string;
}

/** Files whose content the release decides, by their path. */
type Made = Map<string, Buffer>;

async function contentOf({ directory }: Checkout, entry: TreeEntry, signal: AbortSignal): Promise<Buffer> {
  if (entry.kind === "symlink")
    throw new Failure("bad-file", `${entry.path} is a symbolic link; this file must be one of its own`);
  return readBlob(directory, entry.id, signal);
}

async function readmeOf(
  project: Record<string, unknown>,
  request: SdistRequest,
  made: Made,
  signal: AbortSignal,
): Promise<Readme | undefined> {
  const declared = declaredReadme(project);
  if (declared?.file === undefined) return declared;
  const entry = request.checkout.entries.find(({ path }) => path === declared.file);
  if (!entry)
    throw new Failure(
      "no-file",
      `pyproject.toml names the readme ${declared.file}, which the commit does not have`,
    );
  const bytes = made.get(entry.path) ?? (await contentOf(request.checkout, entry, signal));
  return { text: bytes.toString("utf8"), contentType: declared.contentType };
}

/** The project's table of a rendered pyproject.toml, which must be of the project that is released. */
async function projectTable(pyproject: Buffer | undefined, name: string): Promise<Record<string, unknown>> {
  if (!pyproject) return {};
  const { project } = await parsePyproject(pyproject.toString("utf8"));
  if (!isObject(project)) return {};
  if (typeof project.name === "string" && normaliseName(project.name) !== normaliseName(name))
    throw new Failure("wrong-project", `pyproject.toml is of the project ${project.name}, not of ${name}`);
  return project;
}

/** What the release writes anew: the rendered files and PKG-INFO. */
async function makeFiles(request: SdistRequest, signal: AbortSignal): Promise<Made> {
  const { checkout, project: name, version, released } = request;
  const release: Release = { version, commit: checkout.commit, released };
  const paths = checkout.entries.map(({ path }) => path);
  if (!paths.includes("pyproject.toml") && !paths.includes("setup.py"))
    throw new Failure(
      "no-build-files",
      `the commit ${checkout.commit.slice(0, 12)} has neither pyproject.toml nor setup.py at its top: pip cannot build it`,
    );
  const rendered = renderedFiles(paths, request.settings);
  const telling = versionFiles(paths);
  const made: Made = new Map();
  for (const entry of checkout.entries) {
    if (rendered.has(entry.path)) {
      let content = renderFile(entry.path, await contentOf(checkout, entry, signal), release);
      if (entry.path === "pyproject.toml")
        content = Buffer.from(await setProjectVersion(content.toString("utf8"), version));
      made.set(entry.path, content);
    } else if (entry.kind !== "symlink" && telling.has(entry.path)) {
      checkUnrendered(entry.path, await contentOf(checkout, entry, signal));
    }
  }
  const table = await projectTable(made.get("pyproject.toml"), name);
  const readme = await readmeOf(table, request, made, signal);
  const ownName = typeof table.name === "string" ? table.name : name;
  return made.set("PKG-INFO", Buffer.from(pkgInfo(ownName, version, table, readme)));
}

/** A link's target, which must stay in the tree: installers refuse archives whose links lead out (PEP 706). */
async function linkTarget(path: string, blob: Blob): Promise<string> {
  if (blob.size > 4096) throw new Failure("bad-link", `the symbolic link ${printable(path)} is too long`);
  const chunks: Buffer[] = [];
  for await (const chunk of blob.chunks()) chunks.push(chunk);
  const target = Buffer.concat(chunks).toString("utf8");
  const end = posix.normalize(posix.join(posix.dirname(path), target));
  if (target.startsWith("/") || end === ".." || end.startsWith("../"))
    throw new Failure(
      "bad-link",
      `the symbolic link ${printable(path)} leads out of the project, to ${printable(target)}; pip refuses such archives`,
    );
  return target;
}

const lfsMark = Buffer.from("version https://git-lfs.github.com/spec/v1\n");

/** The chunks of a file; Failure "lfs-pointer" where git has only a note of where the file is. */
async function* fileChunks(path: string, blob: Blob): AsyncGenerator<Buffer> {
  let first = blob.size < 1024;
  for await (const chunk of blob.chunks()) {
    if (first && chunk.subarray(0, lfsMark.length).equals(lfsMark))
      throw new Failure(
        "lfs-pointer",
        `${printable(path)} is kept in Git LFS, so that its content is not in the commit; put it into the repository`,
      );
    first = false;
    yield chunk;
  }
}

/** Puts the files into the archive, in the order of their paths' bytes. */
async function pack(archive: Archive, request: SdistRequest, made: Made, signal: AbortSignal): Promise<void> {
  const { checkout } = request;
  const kept = checkout.entries.filter(({ path }) => path !== "PKG-INFO");
  const all = [...kept, { path: "PKG-INFO", kind: "file" as const, id: "" }]
    .map((entry) => ({ ...entry, order: Buffer.from(entry.path) }))
    .sort((a, b) => Buffer.compare(a.order, b.order));
  const ids = all.filter(({ path }) => !made.has(path)).map(({ id }) => id);
  const blobs = readBlobs(checkout.directory, ids, signal);
  try {
    for (const { path, kind } of all) {
      const content = made.get(path);
      if (content) {
        await archive.addFile(path, kind === "executable", content.length, [content]);
        continue;
      }
      const { value: blob } = await blobs.next();
      if (!blob) throw new Error(`no blob for ${path}`);
      if (kind === "symlink") await archive.addLink(path, await linkTarget(path, blob));
      else await archive.addFile(path, kind === "executable", blob.size, fileChunks(path, blob));
    }
    // Asked once more, it looks how git ended.
    await blobs.next();
  } finally {
    await blobs.return(undefined);
  }
}

/**
 * Writes the sdist of a release into `out`, under its final name only when it is whole; `changed` is false when
 * the same bytes were there already. Memory does not grow with the size of the files. Throws Failure.
 */
export async function writeSdist(
  request: SdistRequest,
  signal: AbortSignal,
): Promise<{ file: ReleaseFile; changed: boolean }> {
  const made = await makeFiles(request, signal);
  const stem = sdistStem(request.project, request.version);
  const filename = `${stem}.tar.gz`;
  const { path, size, sha256, changed } = await keepFile(request.out, filename, async (temporary) => {
    const archive = await Archive.create(temporary, stem, request.checkout.time, signal);
    try {
      await pack(archive, request, made, signal);
      return await archive.finish();
    } catch (error) {
      throw await archive.abandon(error as Error);
    }
  });
  const file: ReleaseFile = {
    path,
    filename,
    kind: "sdist",
    name: request.project,
    version: request.version,
    size,
    sha256,
  };
  return { file, changed };
}
