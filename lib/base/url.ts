// Credentials in URLs: found, taken out, hidden.

// The scheme is looked at from its end: from its beginning, a long word would be read through from each of its letters.
const withUserinfo = /:\/\/(?<=([a-z][a-z0-9+.-]*):\/\/)([^/\s?#]*)@/gi;
const httpText = /(https?:\/\/)(\S*)/gi;

/** True when the text contains a URL with user information that may hold a password or token. */
export function hasCredentials(text: string): boolean {
  return hideCredentials(text) !== text;
}

/**
 * Every `scheme://user:secret@` in a text becomes `scheme://`; a bare `ssh://git@host` is kept as it is. A
 * password with a bare `/`, `?` or `#` makes the URL one that cannot be read; it is taken out all the same.
 */
export function hideCredentials(text: string): string {
  return text
    .replace(withUserinfo, (whole, scheme: string, userinfo: string) =>
      userinfo.includes(":") || /^https?$/i.test(scheme) ? "://" : whole,
    )
    .replace(httpText, (whole, scheme: string, rest: string) =>
      rest.includes("@") && !URL.canParse(whole) ? scheme + rest.slice(rest.lastIndexOf("@") + 1) : whole,
    );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A URL and the credentials that were in it, decoded; `url` has none. Throws TypeError where `text` is no URL. */
export function splitCredentials(text: string): { url: string; user?: string; password?: string } {
  const url = new URL(text);
  const user = decoded(url.username);
  const password = decoded(url.password);
  url.username = "";
  url.password = "";
  return { url: url.href, ...(user !== "" && { user }), ...(password !== "" && { password }) };
}

/**
 * The URL below which an index has both its simple pages and its uploads: without credentials, query and the
 * `simple/`, `+simple/` or `legacy/` at its end, so that URLs of one index give the same. Throws TypeError for
 * what is no URL.
 */
export function indexRoot(text: string): string {
  const url = new URL(splitCredentials(text).url);
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href.replace(/\/(\+?simple|legacy)\/$/, "/");
}
