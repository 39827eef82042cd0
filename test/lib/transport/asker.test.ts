import assert from "node:assert/strict";
import { test } from "node:test";
import { atTerminal, withoutTerminal } from "../../lab/terminal.js";

const asker = JSON.stringify(new URL("../../../lib/transport/asker.js", import.meta.url).href);

/** A program that asks, and shows what it was told. */
const asking = (body: string) => ({
  env: {
    CODE: `const { TerminalAsker } = await import(${asker});
    const asker = new TerminalAsker();
    const show = (value) => console.log("got " + JSON.stringify(value));
    ${body}
    console.log("the end");`,
  },
});
const command = `${process.execPath} --input-type=module -e "$CODE"`;

test("several questions wait for their turn; what is secret is not shown", async () => {
  const body = `
    const one = asker.ask("one: ", false);
    const two = asker.ask("two: ", true);
    if (!asker.isThere || !asker.isAsking) throw new Error("nobody there");
    show((await one).length);
    show(await two);
    if (asker.isAsking) throw new Error("still asking");`;
  const dialogue = [
    ["one: ", "secret\r"],
    ["two: ", "hello\r"],
  ] as const;
  const ran = await atTerminal(command, dialogue, asking(body));
  assert.equal(ran.status, 0, ran.report);
  assert.doesNotMatch(ran.stdout, /secret/);
  assert.match(ran.stdout, /got 6\s.*two: .*got "hello"\s+the end/s);
});

test("closed, it takes back what it asks, and the program can end", async () => {
  const body = `
    const one = asker.ask("one: ", false);
    const two = asker.ask("two: ", false);
    setTimeout(() => asker.close(), 200);
    show(await one);
    show(await two);
    show(asker.isThere);`;
  const ran = await atTerminal(command, [], asking(body));
  assert.equal(ran.status, 0, ran.report);
  assert.match(ran.stdout, /got undefined\s+got undefined\s+got false\s+the end/);
  assert.doesNotMatch(ran.stdout, /two:/);
});

test("without a terminal nobody is there, and nothing waits", async () => {
  const ran = await withoutTerminal(
    command,
    asking(`show(asker.isThere); show(await asker.ask("one: ", false));`),
  );
  assert.equal(ran.stdout, "got false\ngot undefined\nthe end\n", ran.report);
});
