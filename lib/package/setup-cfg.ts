// What a setup.cfg declares, in the form of the table [project] of a pyproject.toml
// (https://setuptools.pypa.io/en/latest/userguide/declarative_config.html).

/** Sections of an INI file as Python's configparser reads it; values of several lines keep their line breaks. */
function readSections(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let key: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const [, header] = /^\[([^\]]+)\]/.exec(line) ?? [];
    if (header !== undefined) {
      section = sections.get(header) ?? new Map();
      sections.set(header, section);
      key = undefined;
    } else if (/^\s/.test(line)) {
      if (section && key !== undefined) section.set(key, `${section.get(key)}\n${line.trim()}`);
    } else {
      const [, name = "", value = ""] = /^([^=:]+)[=:](.*)$/.exec(line) ?? [];
      key = name.trim().toLowerCase().replaceAll("-", "_");
      if (key !== "") section?.set(key, value.trim());
    }
  }
  return sections;
}

/** The items of a list: one on each line, or on one line between separators. */
function items(value: string | undefined, separator: string): string[] {
  const lines = (value ?? "")
    .split("\n")
    .flatMap((line) => (value?.includes("\n") ? line : line.split(separator)));
  return lines.map((item) => item.trim()).filter((item) => item !== "");
}

/** True for a value that is not there, or elsewhere: in another file or in the code. */
const isElsewhere = (value: string | undefined) =>
  value === undefined || /^(file|attr|find|find_namespace):/.test(value);

function person(name: string | undefined, email: string | undefined): Record<string, string>[] {
  return [...(name === undefined ? [] : [{ name }]), ...(email === undefined ? [] : [{ email }])];
}

function readme(description: string | undefined, contentType: string | undefined): unknown {
  if (description === undefined || description.startsWith("attr:")) return undefined;
  const type = contentType === undefined ? {} : { "content-type": contentType };
  const files = description.startsWith("file:") ? items(description.slice("file:".length), ",") : undefined;
  // Without a file name and without a type it is reStructuredText (core metadata, Description-Content-Type).
  return files ? { file: files, ...type } : { text: description, "content-type": "text/x-rst", ...type };
}

function extras(section: Map<string, string> | undefined): Record<string, string[]> | undefined {
  if (!section) return undefined;
  const all = [...section].filter(([, value]) => !isElsewhere(value));
  return Object.fromEntries(all.map(([name, value]) => [name, items(value, ";")]));
}

function urls(metadata: Map<string, string>): Record<string, string> {
  const home = metadata.get("url") ?? metadata.get("home_page");
  const more = items(metadata.get("project_urls"), ",").flatMap((line) => {
    const at = line.indexOf("=");
    return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const];
  });
  return Object.fromEntries([...(home === undefined ? [] : [["Homepage", home] as const]), ...more]);
}

/** Reads the text of a setup.cfg. What is declared by code, or in another file, is left out. */
export function readSetupCfg(text: string): Record<string, unknown> {
  const sections = readSections(text);
  const metadata = sections.get("metadata") ?? new Map<string, string>();
  const options = sections.get("options") ?? new Map<string, string>();
  const plain = (value: string | undefined) =>
    isElsewhere(value) ? undefined : value?.trim().replaceAll("\n", " ");
  const list = (value: string | undefined, separator: string) =>
    isElsewhere(value) ? undefined : items(value, separator);
  const found = {
    name: plain(metadata.get("name")),
    description: plain(metadata.get("description") ?? metadata.get("summary")),
    readme: readme(metadata.get("long_description"), metadata.get("long_description_content_type")),
    keywords: list(metadata.get("keywords"), ","),
    authors: person(plain(metadata.get("author")), plain(metadata.get("author_email"))),
    maintainers: person(plain(metadata.get("maintainer")), plain(metadata.get("maintainer_email"))),
    license: plain(metadata.get("license")),
    classifiers: list(metadata.get("classifiers") ?? metadata.get("classifier"), ","),
    urls: urls(metadata),
    "requires-python": plain(options.get("python_requires")),
    dependencies: list(options.get("install_requires"), ";"),
    "optional-dependencies": extras(sections.get("options.extras_require")),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
