// Writing a source distribution: `NAME-VERSION.tar.gz` with everything under `NAME-VERSION/` and a PKG-INFO in
// it (https://packaging.python.org/specifications/source-distribution-format/). The same release of the same
// commit gives the same bytes.

import { posix } from "node:path";
import { normaliseName, sdistStem } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import { isObject } from "../base/json.js";
import { printable } from "../base/printable.js";
import type { ReleaseFile } from "../base/schema.js";
import type { Checkout, TreeFile } from "./checkout.js";
import { declaredReadme, declaredTable, pkgInfo, type Readme, type Table } from "./metadata.js";
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
import { readSetupCfg } from "./setup-cfg.js";
import type { Archive } from "./tarball.js";

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

/** What is decided before the files are packed. */
interface Plan {
  release: Release;
  rendered: Set<string>;
  telling: Set<string>;
  pkgInfo: Buffer;
}

/** A file that is read whole may be so large, in bytes. */
const largestText = 64 * 1024 * 1024;

async function contentOf({ path, kind, size, chunks }: TreeFile): Promise<Buffer> {
  if (kind === "symlink")
    throw new Failure("bad-file", `${path} is a symbolic link; this file must be one of its own`);
  if (size > largestText)
    throw new Failure("bad-file", `${path} has ${size} bytes, which is too much to be rendered or read`);
  const all: Buffer[] = [];
  for await (const chunk of chunks()) all.push(chunk);
  return Buffer.concat(all);
}

async function passOver({ chunks }: TreeFile): Promise<void> {
  for await (const _ of chunks());
}

async function renderedContent(file: TreeFile, release: Release): Promise<Buffer> {
  const content = renderFile(file.path, await contentOf(file), release);
  if (file.path !== "pyproject.toml") return content;
  return Buffer.from(await setProjectVersion(content.toString("utf8"), release.version));
}

/** What the configuration files of a project declare; they must be of the project that is released. */
async function declaredBy(configs: Map<string, Buffer>, name: string): Promise<Table> {
  const pyproject = configs.get("pyproject.toml");
  const { project } = pyproject ? await parsePyproject(pyproject.toString("utf8")) : {};
  const legacy = readSetupCfg(configs.get("setup.cfg")?.toString("utf8") ?? "");
  const table = declaredTable(isObject(project) ? project : undefined, legacy);
  const file = isObject(project) && project.name !== undefined ? "pyproject.toml" : "setup.cfg";
  if (typeof table.name === "string" && normaliseName(table.name) !== normaliseName(name))
    throw new Failure("wrong-project", `${file} is of the project ${table.name}, not of ${name}`);
  return table;
}

/** PKG-INFO, of the files that come first because they declare it. */
async function makePkgInfo(request: SdistRequest, release: Release, rendered: Set<string>): Promise<Buffer> {
  const read = (file: TreeFile) =>
    rendered.has(file.path) ? renderedContent(file, release) : contentOf(file);
  const configs = new Map<string, Buffer>();
  const texts = new Map<string, string>();
  let table: Table | undefined;
  for await (const file of request.checkout.first()) {
    const { path, kind } = file;
    if (path === "pyproject.toml" || (path === "setup.cfg" && kind !== "symlink")) {
      configs.set(path, await read(file));
      continue;
    }
    table ??= await declaredBy(configs, request.project);
    if (declaredReadme(table)?.files.includes(path)) texts.set(path, (await read(file)).toString("utf8"));
    else await passOver(file);
  }
  table ??= await declaredBy(configs, request.project);
  const readme = readmeOf(table, texts);
  const name = typeof table.name === "string" ? table.name : request.project;
  return Buffer.from(pkgInfo(name, request.version, table, readme));
}

function readmeOf(table: Table, texts: Map<string, string>): Readme | undefined {
  const declared = declaredReadme(table);
  if (!declared) return undefined;
  const all = declared.files.map((path) => {
    const text = texts.get(path);
    if (text !== undefined) return text;
    throw new Failure("no-file", `the project declares the readme ${path}, which the commit does not have`);
  });
  return { text: declared.text ?? all.join("\n"), contentType: declared.contentType };
}

/** What the release decides, before any file is written. */
async function plan(request: SdistRequest): Promise<Plan> {
  const { names, commit } = request.checkout;
  const release: Release = { version: request.version, commit, released: request.released };
  if (!names.includes("pyproject.toml") && !names.includes("setup.py"))
    throw new Failure(
      "no-build-files",
      `the commit ${commit.slice(0, 12)} has neither pyproject.toml nor setup.py at its top: pip cannot build it`,
    );
  const rendered = renderedFiles(names, request.settings);
  return {
    release,
    rendered,
    telling: versionFiles(names),
    pkgInfo: await makePkgInfo(request, release, rendered),
  };
}

/** A link's target, which must stay in the tree: installers refuse archives whose links lead out (PEP 706). */
async function linkTarget({ path, size, chunks }: TreeFile): Promise<string> {
  if (size > 4096) throw new Failure("bad-link", `the symbolic link ${printable(path)} is too long`);
  const all: Buffer[] = [];
  for await (const chunk of chunks()) all.push(chunk);
  const target = Buffer.concat(all).toString("utf8");
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
async function* fileChunks({ path, size, chunks }: TreeFile): AsyncGenerator<Buffer> {
  let first = size < 1024;
  for await (const chunk of chunks()) {
    if (first && chunk.subarray(0, lfsMark.length).equals(lfsMark))
      throw new Failure(
        "lfs-pointer",
        `${printable(path)} is kept in Git LFS, so that its content is not in the commit; put it into the repository, or keep it out with "${printable(path)} export-ignore" in .gitattributes`,
      );
    first = false;
    yield chunk;
  }
}

async function packFile(
  archive: Archive,
  file: TreeFile,
  { release, rendered, telling }: Plan,
): Promise<void> {
  const { path, kind, size } = file;
  if (kind === "symlink" && !rendered.has(path)) return archive.addLink(path, await linkTarget(file));
  let content: Buffer | undefined;
  if (rendered.has(path)) content = await renderedContent(file, release);
  else if (telling.has(path)) {
    content = await contentOf(file);
    checkUnrendered(path, content);
  }
  if (content) return archive.addFile(path, kind === "executable", content.length, [content]);
  return archive.addFile(path, kind === "executable", size, fileChunks(file));
}

/** Puts the files into the archive, in the order of their paths' bytes. */
async function pack(archive: Archive, { checkout }: SdistRequest, decided: Plan): Promise<void> {
  const own = "PKG-INFO";
  let told = false;
  const tell = async () => {
    if (!told) await archive.addFile(own, false, decided.pkgInfo.length, [decided.pkgInfo]);
    told = true;
  };
  for await (const file of checkout.contents()) {
    if (Buffer.compare(Buffer.from(file.path), Buffer.from(own)) > 0) await tell();
    if (file.path === own) await passOver(file);
    else await packFile(archive, file, decided);
  }
  await tell();
}

/**
 * Writes the sdist of a release into `out`, under its final name only when it is whole; `changed` is false when
 * the same bytes were there already, `replaced` true when other bytes were. Memory does not grow with the size of the
 * files. Throws Failure.
 */
export async function writeSdist(
  request: SdistRequest,
  signal: AbortSignal,
): Promise<{ file: ReleaseFile; changed: boolean; replaced: boolean }> {
  const decided = await plan(request);
  const stem = sdistStem(request.project, request.version);
  const filename = `${stem}.tar.gz`;
  const { path, size, sha256, changed, replaced } = await keepFile(
    request.out,
    filename,
    async (temporary) => {
      const { Archive } = await import("./tarball.js");
      const archive = await Archive.create(temporary, stem, request.checkout.time, signal);
      try {
        await pack(archive, request, decided);
        return await archive.finish();
      } catch (error) {
        throw await archive.abandon(error as Error);
      }
    },
  );
  const file: ReleaseFile = {
    path,
    filename,
    kind: "sdist",
    name: request.project,
    version: request.version,
    size,
    sha256,
  };
  return { file, changed, replaced };
}
