// Whether the package index can be read and written, and has what deploys take from it, as findings of es-doctor.

import { Failure, UsageError } from "./base/failure.js";
import { splitCredentials } from "./base/url.js";
import type { Said, Settings } from "./config/settings.js";
import { type Finding, findingsOf } from "./doctor/finding.js";
import { projectFiles } from "./index/client.js";
import { lookupCredentials, uploadCredentials } from "./index/credentials.js";
import { formWithoutFile } from "./index/form.js";
import { request } from "./index/http.js";
import { targetOf } from "./index/target.js";

const { ok, note, wrong } = findingsOf("here");

/** What virtualenvs and builds take from the index beside what is one's own. */
const common = ["supervisor", "setuptools", "wheel"];

const ways: Record<string, string> = {
  "auth-failed": "~/.netrc and ~/.pypirc are the places for user name and password",
  "bad-certificate": "name the file of its authority: index.ca_bundle",
  "not-an-index": "is this its simple URL, such as https://pypi.example/simple/?",
};

function failed(check: string, error: unknown): Finding {
  if (!(error instanceof Failure)) throw error;
  const way = Object.hasOwn(ways, error.code) ? ways[error.code] : undefined;
  const advice =
    way ?? "is the URL right, does the index run, and is there a proxy on the way (index.proxy)?";
  return wrong(check, `${error.code}: ${error.message}`, advice);
}

/**
 * Whether it takes uploads from us: one without a file, of which nothing can come, is refused for that and for nothing
 * else.
 */
async function writable(settings: Settings, said: Said, signal: AbortSignal): Promise<Finding> {
  const check = "index, to write";
  try {
    const { url, proxy, ca } = settings.access("uploadIndex", said);
    const { upload } = targetOf(url);
    const credentials = (await uploadCredentials(url)) ?? (await uploadCredentials(upload));
    const { type, body } = formWithoutFile();
    const answer = await request(upload, {
      ...{ proxy, ca, credentials, signal, method: "POST", body },
      headers: { "content-type": type },
    });
    answer.body.destroy();
    const { status, reason } = answer;
    const found = `${upload} answers ${status} ${reason}`.trim();
    if (status === 401 || status === 403)
      return wrong(
        check,
        found,
        credentials ? "is the password right, and may this user upload?" : (ways["auth-failed"] ?? ""),
      );
    if (status === 400 || status === 422 || (status >= 200 && status < 300))
      return ok(check, `${upload} takes uploads${credentials ? ` from ${credentials.user}` : ""}`);
    return wrong(check, found, "where it takes uploads, if elsewhere, says index.upload");
  } catch (error) {
    return failed(check, error);
  }
}

/** Looks at the index of flag, environment or configuration. */
export async function examineIndex(settings: Settings, said: Said, signal: AbortSignal): Promise<Finding[]> {
  if (settings.find("index", said) === undefined)
    return [
      wrong(
        "index",
        "no package index is named",
        "ESSAY_INDEX, or index.url in essay.toml; es-index DIR serves one",
      ),
    ];
  try {
    const access = settings.access("index", said);
    const credentials = await lookupCredentials(access.url);
    const has = async (project: string) =>
      (await projectFiles(access, project, { signal, credentials })).length;
    const project = settings.find("project");
    const { url } = splitCredentials(access.url);
    const count = project === undefined ? undefined : await has(project);
    const counts = await Promise.all(common.map(has));
    const absent = common.filter((_, place) => counts[place] === 0);
    return [
      ok("index", `${url}${count === undefined ? "" : `, ${count} files of ${project}`}`),
      ...(absent.length === 0
        ? []
        : [
            note(
              "index",
              `it has no ${absent.join(", ")}`,
              `builds and es-supervisor take them from there: es-fetch ${absent.join(" ")} | es-upload`,
            ),
          ]),
      await writable(settings, said, signal),
    ];
  } catch (error) {
    if (error instanceof UsageError)
      return [wrong("index", error.message, "man essay.toml, under index.url")];
    return [failed("index", error)];
  }
}
