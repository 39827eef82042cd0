// Why an index has refused an upload, and the way on.

import { Failure } from "../base/failure.js";
import { isObject } from "../base/json.js";
import type { ReleaseFile } from "../base/schema.js";
import type { Answer } from "./http.js";
import { unwell } from "./retry.js";

/** What the replies of Artifactory, GitLab and devpi, which are JSON, say. */
function saidInJson(text: string): string {
  try {
    const document: unknown = JSON.parse(text);
    const first = isObject(document) && Array.isArray(document.errors) ? document.errors[0] : document;
    const said = isObject(first) ? (first.message ?? first.error) : undefined;
    return typeof said === "string" ? said : "";
  } catch {
    return "";
  }
}

/** The words of an answer: its reason phrase, and what its body says where that is meant for people. */
export function wordsOf({ reason, headers }: Pick<Answer, "reason" | "headers">, text: string): string {
  const type = headers["content-type"] ?? "";
  const body = /^text\/plain/.test(type) ? text : /json/.test(type) ? saidInJson(text) : "";
  const plain = body.replace(/\s+/g, " ").trim().slice(0, 300);
  return [reason, plain].filter((part, index, all) => part !== "" && all.indexOf(part) === index).join(": ");
}

/** How PyPI, Nexus and Artifactory say, in their several versions, that a name is taken. */
const taken = /already (exists?|been used)|updating assets?|cannot be updated|overwrite/i;

/**
 * The failure that a refusal is. `text` is the answer's body; `known` says whether a user name and password were
 * sent, `own` whether the file is of the release itself, and not of what it depends on. Code "already-exists" or
 * "dependency-differs" for a name that the index says is taken, "auth-failed" for 401, "redirected", "http-NNN"
 * otherwise.
 */
export function refusal(
  file: ReleaseFile,
  answer: Answer,
  text: string,
  { known, own }: { known: boolean; own: boolean },
): Failure {
  const { status, headers } = answer;
  const plain = `${answer.url} answers ${status} ${wordsOf(answer, text)}`.trimEnd();
  const refused = (sentence: string, code = `http-${status}`) => new Failure(code, `${plain}; ${sentence}`);
  if (status >= 300 && status < 400) {
    const to = headers.location ?? "it is not said which";
    return refused(`uploads are not sent on; name the URL itself: ${to}`, "redirected");
  }
  if (status === 401)
    return refused(
      known
        ? "it does not take the user name and password given"
        : "it wants a user name and password: ~/.netrc, ~/.pypirc, TWINE_USERNAME and TWINE_PASSWORD are the places for them",
      "auth-failed",
    );
  if (status === 409 || ((status === 400 || status === 403) && taken.test(`${plain} ${text}`)))
    return refused(
      `it takes no second file of the name ${file.filename}, also where it lists the first one no more; ${own ? "give a new version" : "the release depends on that one"}`,
      own ? "already-exists" : "dependency-differs",
    );
  if (status === 403)
    return refused(`the account may not upload ${file.filename} there, or its password is wrong`);
  if (status === 404 || status === 405) return refused("is this the index's upload URL?");
  if (status === 413)
    return refused(
      `${file.filename} has ${file.size} bytes; a server before the index may have to allow that`,
    );
  return unwell(status, plain, headers["retry-after"]);
}
