// TOML: a text read, or what is wrong with it, and where.

/** What a TOML text holds, or the line (from 1) and the reason why it is none. */
export async function parseToml(
  text: string,
): Promise<{ document: Record<string, unknown> } | { line: number; reason: string }> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    return { document: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    return { line: error.line, reason };
  }
}
