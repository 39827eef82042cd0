// Forms of uploads, right and wrong ones.

/** A field; with a file name, a file. */
export type Part = [name: string, value: string, filename?: string];

/** The body of a form (RFC 7578) whose boundary is `b`. */
export function formOf(parts: Part[]): string {
  const lines = parts.map(
    ([name, value, filename]) =>
      `--b\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"`}\r\n\r\n${value}\r\n`,
  );
  return `${lines.join("")}--b--\r\n`;
}
