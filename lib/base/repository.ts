// Where a git repository is.

/** True for what git reaches over a URL or `host:path`, false for a folder of this machine (git-fetch(1)). */
export function isRemote(source: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(source) || /^[^/]+:/.test(source);
}
