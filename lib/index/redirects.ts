// Following the redirects of HTTP (RFC 9110 section 15.4) by requests of our own, each of which may have other
// credentials, or be refused.

import { Failure } from "../base/failure.js";
import type { Answer } from "./http.js";

const mostRedirects = 5;

/**
 * The answer to GET at the end of the redirects. `ask` makes one request; `check` may refuse a redirect by throwing.
 * Throws what these throw, and Failure "bad-answer".
 */
export async function follow(
  address: string,
  ask: (url: string) => Promise<Answer>,
  check: (from: URL, to: URL) => void = () => {},
): Promise<Answer> {
  let url = address;
  for (let followed = 0; followed <= mostRedirects; followed++) {
    const answer = await ask(url);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
    answer.body.destroy();
    if (!URL.canParse(location, url))
      throw new Failure("bad-answer", `${url} redirects to something that is no URL`);
    const next = new URL(location, url);
    check(new URL(url), next);
    url = next.href;
  }
  throw new Failure("bad-answer", `${address} redirects in a circle`);
}
