// es-upload beside twine: an index gets the same from both.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { expectStatus, recordsOf, scratch } from "../lab/program.js";
import { described, repository } from "../lab/repository.js";
import { tiny } from "../lab/tiny.js";
import { web } from "../lab/web.js";

/**
 * The fields of a form that say something, one line for each value, sorted; of the file, its name and size. The twine
 * of Debian 12 spells two of them otherwise, and says nothing where others say "source".
 */
function fieldsOf(type: string, body: Buffer): string[] {
  const boundary = /boundary=(\S+)$/.exec(type)?.[1] ?? "";
  const parts = body.toString("latin1").split(`--${boundary}`).slice(1, -1);
  const fields = parts.map((part) => {
    const [, head = "", value = ""] = /^\r\n(.*?)\r\n\r\n(.*)\r\n$/s.exec(part) ?? [];
    const [, name, filename] = /name="([^"]*)"(?:; filename="([^"]*)")?/.exec(head) ?? [];
    if (filename !== undefined) return `${name} ${filename} ${value.length}`;
    const text = Buffer.from(value, "latin1").toString().trimEnd();
    return `${name === "provides_extras" ? "provides_extra" : name}=${name === "name" ? text.replaceAll("_", "-") : text}`;
  });
  return fields.filter((field) => !/^pyversion=source$|=$/.test(field)).sort();
}

test("metadata, digests and file of an sdist and a wheel are those that twine sends", async (t) => {
  const cwd = scratch(t);
  const repo = await repository(t, { "pyproject.toml": described, "README.md": "# Demo\n\nTextü.\n" });
  const input = `${JSON.stringify({ project: "essay_demo", version: "6.11.21.1+fix" })}\n`;
  const args = ["--branch", "master", "--repo", repo.directory, "--out", join(cwd, "dist")];
  const packed = recordsOf((await expectStatus(0, "es-sdist", args, { input })).stdout)[0];
  const [, wheel] = tiny(join(cwd, "dist"), "1.0", "tiny", "", ["Requires-Dist: six"]);
  const sent = new Map<string, string[]>();
  const origin = await web(t, (asked, response) => {
    const chunks: Buffer[] = [];
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", () => {
      if (asked.method !== "POST") return response.writeHead(404).end();
      const fields = fieldsOf(asked.headers["content-type"] ?? "", Buffer.concat(chunks));
      const [file = ""] = fields.filter((field) => field.startsWith("content "));
      const who = asked.headers["user-agent"]?.startsWith("twine/") ? "twine" : "essay";
      sent.set(`${who} ${file.split(" ")[1]}`, fields);
      return response.end();
    });
  });
  const env = { HOME: cwd, NETRC: "", TWINE_USERNAME: "ann", TWINE_PASSWORD: "secret" };
  const files = [...packed.files, wheel];
  const release = `${JSON.stringify({ ...packed, files })}\n`;
  await expectStatus(0, "es-upload", ["--no-wait", "--index", origin], { input: release, cwd, env });
  const paths = files.map(({ path }) => path);
  const upload = ["upload", "--non-interactive", "--disable-progress-bar", "--repository-url", `${origin}/`];
  await expectStatus(0, "/usr/bin/twine", [...upload, ...paths], { cwd, env });
  for (const { filename, path } of files) {
    const essay = sent.get(`essay ${filename}`) ?? [];
    assert.deepEqual(essay, sent.get(`twine ${filename}`), filename);
    assert.ok(
      essay.length > 10 && essay.includes(`content ${filename} ${readFileSync(path).length}`),
      essay.join("\n"),
    );
  }
});
