// PKG-INFO: core metadata, version 2.1 (https://packaging.python.org/specifications/core-metadata/), from what
// pyproject.toml declares (https://packaging.python.org/specifications/pyproject-toml/).

import { normaliseName } from "../base/distribution.js";
import { Failure } from "../base/failure.js";
import { isObject } from "../base/json.js";

/** A file of the project that is part of its metadata. */
export interface Readme {
  text: string;
  contentType: string;
}

/** The table [project] of a pyproject.toml, or what a setup.cfg declares in the same form. */
export type Table = Record<string, unknown>;

const contentTypes: Record<string, string> = {
  md: "text/markdown",
  rst: "text/x-rst",
  txt: "text/plain",
};

function wrong(key: string, what: string): Failure {
  return new Failure("bad-pyproject", `pyproject.toml: project.${key} must be ${what}`);
}

function text(table: Table, key: string): string | undefined {
  const value = table[key];
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw wrong(key, "a string");
  if (/[\r\n]/.test(value)) throw wrong(key, "one line");
  return value;
}

function texts(value: unknown, key: string): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string" && !/[\r\n]/.test(each)))
    throw wrong(key, "a list of strings of one line each");
  return value;
}

function tableAt(value: unknown, key: string): Table {
  if (value === undefined) return {};
  if (!isObject(value)) throw wrong(key, "a table");
  return value;
}

/**
 * What a project declares: in [project], and of a setup.cfg what [project] leaves to it as dynamic, or all where
 * there is no [project].
 */
export function declaredTable(project: Table | undefined, legacy: Table): Table {
  if (!project) return legacy;
  const open = new Set(texts(project.dynamic, "dynamic"));
  return { ...Object.fromEntries(Object.entries(legacy).filter(([key]) => open.has(key))), ...project };
}

/** Where the readme is: files of the project, or the text itself. Undefined where none is declared. */
export function declaredReadme(
  project: Table,
): { files: readonly string[]; text?: string; contentType: string } | undefined {
  const { readme } = project;
  if (readme === undefined) return undefined;
  const table = typeof readme === "string" ? { file: readme } : tableAt(readme, "readme");
  const files = Array.isArray(table.file) ? texts(table.file, "readme.file") : (text(table, "file") ?? []);
  const paths = [files].flat().map((path) => path.replace(/^(\.\/)+/, ""));
  const ending = paths[0]?.split(".").at(-1)?.toLowerCase() ?? "";
  const contentType = text(table, "content-type") ?? contentTypes[ending];
  if (contentType === undefined)
    throw wrong("readme", "a file .md, .rst or .txt, or a table with a content-type");
  if (paths.length > 0) return { files: paths, contentType };
  if (typeof table.text !== "string") throw wrong("readme", "a file, or a table with file or text");
  return { files: [], text: table.text, contentType };
}

/** People as in `Author` and `Author-email`: those without an address by name, the others as `Name <address>`. */
function people(value: unknown, key: string, role: string): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong(key, "a list of tables");
  const all = value.map((person) => tableAt(person, key));
  const named = all.flatMap((person) => (person.email === undefined ? (text(person, "name") ?? []) : []));
  const reachable = all.flatMap((person) => {
    const [name, email] = [text(person, "name"), text(person, "email")];
    if (email === undefined) return [];
    return name === undefined ? email : `${/[^\w .-]/.test(name) ? JSON.stringify(name) : name} <${email}>`;
  });
  return [
    ...(named.length ? [`${role}: ${named.join(", ")}`] : []),
    ...(reachable.length ? [`${role}-email: ${reachable.join(", ")}`] : []),
  ];
}

/** A requirement (PEP 508) that holds only with an extra. */
function withExtra(requirement: string, extra: string): string {
  // In a URL a semicolon may stand; there a marker has a space before it.
  const semicolon = / @ /.test(requirement) ? requirement.search(/(?<=\s);/) : requirement.indexOf(";");
  const condition = `extra == "${extra}"`;
  if (semicolon < 0) return `${requirement} ; ${condition}`;
  const marker = requirement.slice(semicolon + 1).trim();
  const what = requirement.slice(0, semicolon).trimEnd();
  return `${what} ; ${/\bor\b/.test(marker) ? `(${marker})` : marker} and ${condition}`;
}

function requirements(project: Table): string[] {
  const extras = tableAt(project["optional-dependencies"], "optional-dependencies");
  return [
    ...texts(project.dependencies, "dependencies").map((each) => `Requires-Dist: ${each}`),
    ...Object.entries(extras).flatMap(([extra, list]) => {
      const name = normaliseName(extra);
      const needed = texts(list, `optional-dependencies.${extra}`);
      return [`Provides-Extra: ${name}`, ...needed.map((each) => `Requires-Dist: ${withExtra(each, name)}`)];
    }),
  ];
}

function license(value: unknown): string[] {
  if (typeof value === "string") return [`License: ${text({ license: value }, "license")}`];
  const words = text({ text: tableAt(value, "license").text }, "text");
  return words === undefined ? [] : [`License: ${words}`];
}

function declared(project: Table): string[] {
  const one = (key: string, field: string) => {
    const value = text(project, key);
    return value === undefined || value === "" ? [] : [`${field}: ${value}`];
  };
  const keywords = texts(project.keywords, "keywords");
  const urls = tableAt(project.urls, "urls");
  return [
    ...one("description", "Summary"),
    ...(keywords.length ? [`Keywords: ${keywords.join(",")}`] : []),
    ...people(project.authors, "authors", "Author"),
    ...people(project.maintainers, "maintainers", "Maintainer"),
    ...(isMultiLineLicense(project.license) ? [] : license(project.license)),
    ...texts(project.classifiers, "classifiers").map((each) => `Classifier: ${each}`),
    ...Object.keys(urls).map((label) => `Project-URL: ${label}, ${text(urls, label)}`),
    ...one("requires-python", "Requires-Python"),
    ...requirements(project),
  ];
}

// A whole licence text is a file's business, not a header's.
function isMultiLineLicense(value: unknown): boolean {
  return isObject(value) && typeof value.text === "string" && /[\r\n]/.test(value.text);
}

/**
 * The text of PKG-INFO. `project` is the table of that name in pyproject.toml, empty for a project without one;
 * then only name and version are told. Throws Failure "bad-pyproject" for what has the wrong type.
 */
export function pkgInfo(name: string, version: string, project: Table, readme: Readme | undefined): string {
  const headers = [
    "Metadata-Version: 2.1",
    `Name: ${name}`,
    `Version: ${version}`,
    ...declared(project),
    ...(readme ? [`Description-Content-Type: ${readme.contentType}`] : []),
  ];
  const body = readme ? `\n${readme.text.replaceAll("\r\n", "\n").trimEnd()}\n` : "";
  return `${headers.join("\n")}\n${body}`;
}
