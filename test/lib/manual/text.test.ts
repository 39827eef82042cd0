import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { manualPages } from "../../../lib/manual/pages.js";
import { plainText } from "../../../lib/manual/text.js";
import { expectStatus } from "../../lab/program.js";

/** Words, without what mandoc sets by characters that are not of ASCII. */
const words = (text: string) =>
  text
    // Bold text: each character, a backspace, and the character again.
    .replace(/.\p{Cc}/gu, (pair) => (pair[1] === "\b" ? "" : pair))
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[–—•]/g, "-")
    .split(/\s+/)
    .filter(Boolean);

test("each page has, word for word, the text that mandoc makes of it", async () => {
  for (const { name, file } of manualPages()) {
    const { stdout } = await expectStatus(0, "mandoc", ["-Tutf8", "-Owidth=1000", file]);
    // The first line and the last one are about the page.
    const theirs = stdout.trimEnd().split("\n").slice(1, -1).join("\n");
    assert.deepEqual(words(plainText(readFileSync(file, "utf8"), 78)), words(theirs), name);
  }
});

test("text is set in lines, lists hang on their marks, displays stay as they are", () => {
  const page = `.Dd November 22, 2026
.Dt ES-X 1
.Os essay
.Sh NAME
.Nm es-x
.Nd do it
.Sh SYNOPSIS
.Nm
.Op Fl -long-flag Ar VALUE
.Ar OPERAND
.Nm
.Cm other
.Sh DESCRIPTION
One two three four
.Nm .
.Pp
.Bl -tag -width Ds
.It Fl a
Short mark.
.It Fl -long-mark
Text.
.El
.Bl -enum -compact
.It
first
.Bl -dash
.It
inner
.El
.It
second
.El
.Ss Sub
.Bd -literal -offset indent
$ a    very long command that is longer than the line
.Ed
Then
.Dl es x
.Bl -column "aaa" "b" -offset indent
.It Sy k Ta v
.It 1 Ta one
.El
End.
`;
  assert.equal(
    plainText(page, 34),
    `NAME
     es-x - do it

SYNOPSIS
     es-x [--long-flag VALUE]
          OPERAND
     es-x other

DESCRIPTION
     One two three four es-x.

     -a      Short mark.

     --long-mark
             Text.
     1.  first

         - inner
     2.  second

   Sub
           $ a    very long command that is longer than the line
     Then
           es x

           k    v
           1    one
     End.
`,
  );
});

test("a macro that is not known is no text", () => {
  assert.throws(() => plainText(".Xx a\n", 78), /a macro that is not known: Xx/);
  assert.throws(() => plainText(".It a\n", 78), /an item outside of a list/);
});
