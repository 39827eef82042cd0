// The live view: what the steps of a pipeline do, as one table on the terminal that is drawn again and again.

import type { WriteStream } from "node:tty";
import { milliseconds } from "./base/clock.js";
import { printable } from "./base/printable.js";
import { isOurs } from "./base/program.js";
import { randomHex } from "./base/random.js";
import type { Interrupt } from "./interrupt.js";
import { SessionConnection } from "./transport/session-connection.js";
import { SessionWatch } from "./transport/session-watch.js";
import { Board } from "./view/board.js";
import { eventOf } from "./view/event.js";
import { finalLines, type Heading, liveLines, type Size } from "./view/lines.js";
import { Painter } from "./view/painter.js";

/** Milliseconds between two drawings: people read no faster. */
const pause = 100;
/** Milliseconds after which it is drawn anew though nothing has happened: the seconds go on. */
const tick = 1000;

/** Whether a program is told, by its flags, to say more than usual, or nothing. */
function hasOtherWords(stage: readonly string[]): boolean {
  const end = stage.indexOf("--");
  const words = end < 0 ? stage : stage.slice(0, end);
  return words.some((word) => /^(--quiet|--verbose|-[a-zA-Z]*[qv][a-zA-Z]*)$/.test(word));
}

/**
 * Whether a pipeline is to be shown live: it is one, the terminal can do it, its owner has not said otherwise, and its
 * last program, where it writes to that terminal, too, knows how to keep out of the way.
 */
export function isShownLive(stages: readonly (readonly string[])[]): boolean {
  const { NO_COLOR, TERM } = process.env;
  if (!process.stderr.isTTY || NO_COLOR || TERM === "dumb") return false;
  if (stages.length < 2 || stages.some(hasOtherWords)) return false;
  return !process.stdout.isTTY || isOurs(stages.at(-1)?.[0] ?? "");
}

/** Shows one pipeline. */
export class LiveView {
  readonly #screen: WriteStream;
  readonly #painter: Painter;
  readonly #board = new Board();
  readonly #heading: Heading;
  readonly #interrupt: Interrupt;
  readonly #connection: SessionConnection;
  readonly #name = randomHex(6);
  /** What was to be written while the terminal was somebody else's; undefined while it is ours. */
  #held: string | undefined;
  #next: NodeJS.Timeout | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;

  /** Begins to show what the steps in the session at a path tell. `title`: the command. */
  static async open(
    session: string,
    title: string,
    screen: WriteStream,
    interrupt: Interrupt,
  ): Promise<LiveView> {
    const view = new LiveView(session, title, screen, interrupt);
    await view.#watch();
    return view;
  }

  private constructor(session: string, title: string, screen: WriteStream, interrupt: Interrupt) {
    this.#screen = screen;
    this.#painter = new Painter(screen);
    this.#heading = { title, began: milliseconds() };
    this.#interrupt = interrupt;
    this.#connection = new SessionConnection(session);
  }

  async #watch(): Promise<void> {
    const watch = new SessionWatch({
      event: (value) => {
        const told = value.view === this.#name ? eventOf(value) : undefined;
        if (!told) return;
        this.#board.take(told, milliseconds());
        this.#soon();
      },
      hold: () => {
        this.#painter.clear();
        this.#held ??= "";
      },
      resume: () => {
        this.#writeHeld();
        this.#draw();
      },
    });
    await watch.begin(this.#connection);
    this.#screen.on("resize", this.#onResize);
    process.on("SIGCONT", this.#onContinue);
    this.#interrupt.signal.addEventListener("abort", this.#onSignal);
    this.#draw();
  }

  /** What a stage needs in order to tell this view what it does. */
  variables(stage: number): Record<string, string> {
    return { ESSAY_VIEW: `${this.#name}.${stage}` };
  }

  /** A line of a stage's stderr: it stays, above the table. */
  line(text: string): void {
    const line = `${printable(text)}\n`;
    if (this.#held === undefined) this.#painter.above(line);
    else this.#held += line;
  }

  get #size(): Size {
    return { columns: this.#screen.columns || 80, rows: this.#screen.rows || 24 };
  }

  readonly #onResize = () => {
    this.#painter.resized(this.#size);
    this.#draw();
  };

  /** We had been stopped: who knows what the terminal shows now. */
  readonly #onContinue = () => {
    this.#painter.leave();
    this.#draw();
  };

  readonly #onSignal = () => {
    this.#heading.signal = this.#interrupt.received;
    this.#painter.doubt();
    this.#draw();
  };

  #soon(wait = 0): void {
    const due = Math.max(wait, this.#drawnAt + pause - milliseconds());
    clearTimeout(this.#next);
    this.#next = setTimeout(() => this.#draw(), due);
  }

  #draw(): void {
    this.#drawnAt = milliseconds();
    this.#soon(tick);
    if (this.#held === undefined)
      this.#painter.draw(liveLines(this.#board, this.#heading, this.#size, this.#drawnAt));
  }

  /** The terminal is ours again. */
  #writeHeld(): void {
    if (this.#held) this.#painter.above(this.#held);
    this.#held = undefined;
  }

  /** The pipeline has ended: leaves the last table on the screen. */
  close(): void {
    clearTimeout(this.#next);
    this.#screen.off("resize", this.#onResize);
    process.off("SIGCONT", this.#onContinue);
    this.#interrupt.signal.removeEventListener("abort", this.#onSignal);
    void this.#connection.close();
    this.#writeHeld();
    this.#painter.draw(finalLines(this.#board, this.#heading, this.#size, milliseconds()));
    this.#painter.leave();
  }
}
