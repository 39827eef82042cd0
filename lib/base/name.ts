// Names that stand as one word wherever they go: in a path, in a shell's words, in nginx's configuration.

/** True for letters, digits, `_`, `-` and `.` of ASCII, without `-` or `.` in front. */
export const isPlainName = (name: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name);
