import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { atTerminal, withoutTerminal } from "../../lab/terminal.js";

const library = fileURLToPath(new URL("../../../lib/base/terminal.js", import.meta.url));

/** A program that asks two questions, the second one for a secret, and says on stdout what it heard. */
const asking = `node --input-type=module -e '
  import { ask, hasTerminal } from "${library}";
  const user = await ask("Na\\u001bme: ", { hidden: false });
  const password = await ask("Password: ", { hidden: true });
  console.log(JSON.stringify({ user, password, terminal: hasTerminal() }));
'`;

test("answers come from the terminal, a hidden one is not shown", async () => {
  // stdin and stdout are not the terminal; what the terminal shows is only what was asked and typed.
  const ran = await atTerminal(`echo ignored | ${asking} >/dev/stderr 2>heard || true; cat heard; rm heard`, [
    ["Na\\x1bme: ", "joe\r"],
    ["Password: ", "s3crx\x7fet@:/%\r"],
  ]);
  assert.equal(ran.status, 0, ran.report);
  const [shown = "", heard = ""] = ran.stdout.split("{");
  assert.match(shown, /joe/, ran.report);
  assert.doesNotMatch(shown, /s3cret/, ran.report);
  assert.equal(heard.trim(), '"user":"joe","password":"s3cret@:/%","terminal":true}', ran.report);
});

test("Ctrl-D is no answer, Ctrl-C ends the whole pipeline", async () => {
  const ended = await atTerminal(asking, [
    ["me: ", "\x04"],
    ["Password: ", "\x04"],
  ]);
  assert.match(ended.stdout, /\{"terminal":true\}/, ended.report);
  const cut = await atTerminal(`${asking} | sleep 20`, [["me: ", "\x03"]]);
  assert.equal(cut.status, 130, cut.report);
});

test("a question that is taken back as soon as it is asked keeps nobody", async () => {
  const ran = await atTerminal(
    `node --input-type=module -e '
      import { ask } from "${library}";
      const stop = new AbortController();
      const asked = ask("Name: ", { hidden: false, signal: stop.signal });
      stop.abort(new Error("enough"));
      await asked.catch(({ message }) => console.log(message));
    '`,
    [],
  );
  assert.match(ran.stdout, /enough/, ran.report);
  assert.equal(ran.status, 0, ran.report);
});

test("without a terminal nobody is asked", async () => {
  const ran = await withoutTerminal(asking);
  assert.equal(ran.stdout, '{"terminal":false}\n', ran.report);
});
