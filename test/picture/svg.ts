// Screens of a terminal as one moving picture: SVG that needs no script, and no font of its own.

import type { Run } from "../lab/screen.js";
import { type Frame, framesOf, recordingIn } from "./recording.js";

/** Size of a character, and of the room around the text, in pixels. */
const across = 8;
const down = 18;
const room = 14;

/** No screen stays longer than so many seconds, but for the last one. */
const longest = 0.6;
const atTheEnd = 5;

const escaped = (text: string) =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character] ?? "");

/** A line of text; each part stands where it stood and is as wide as its characters are many, whatever font there is. */
function line(runs: readonly Run[]): string {
  let column = 0;
  return runs
    .map(({ text, isRed }) => {
      const red = isRed ? ' class="red"' : "";
      // Several spaces would be shown as one.
      const start = column;
      column += text.length;
      const parts = [...text.matchAll(/\S+(?: \S+)*/g)].map(
        ({ 0: part, index }) =>
          `<text x="${(start + index) * across}" textLength="${part.length * across}"${red}>${escaped(part)}</text>`,
      );
      return parts.join("");
    })
    .join("");
}

/** For how many seconds each frame is shown. */
function times(frames: readonly Frame[]): number[] {
  return frames.map(({ seconds }, i) => {
    const next = frames[i + 1];
    return next ? Math.min(longest, next.seconds - seconds) : atTheEnd;
  });
}

/** Where a screen is told, and how it looks. */
export interface Picture {
  title: string;
  description: string;
  columns: number;
}

/**
 * The picture of these frames: a film strip, of which one screen is seen at a time. Whoever wants no moving pictures
 * sees the last one.
 */
export function picture(frames: readonly Frame[], { title, description, columns }: Picture): string {
  const rows = Math.max(...frames.map(({ lines }) => lines.length));
  const [width, height] = [columns * across, rows * down];
  const known = new Map<string, string>();
  const strip = frames.map(({ lines }, i) => {
    const uses = lines.map((runs, row) => {
      const text = line(runs);
      if (text === "") return "";
      if (!known.has(text)) known.set(text, `l${known.size}`);
      return `<use href="#${known.get(text)}" y="${i * height + (row + 1) * down - 5}"/>`;
    });
    return `<g>${uses.join("")}</g>\n`;
  });
  const seconds = times(frames);
  const whole = seconds.reduce((sum, each) => sum + each, 0);
  let passed = 0;
  const steps = seconds.map((each, i) => {
    const at = ((100 * passed) / whole).toFixed(2);
    passed += each;
    return `${at}%{transform:translateY(${-i * height}px)}`;
  });
  const last = -(frames.length - 1) * height;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 2 * room} ${height + 2 * room}" width="${width + 2 * room}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>
.page{fill:#f6f8fa;stroke:#d0d7de}
text{fill:#1f2328;font:13px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.red{fill:#cf222e}
@media (prefers-color-scheme:dark){.page{fill:#0d1117;stroke:#30363d}text{fill:#e6edf3}.red{fill:#ff7b72}}
.strip{transform:translateY(${last}px);animation:film ${whole.toFixed(2)}s step-end infinite}
@keyframes film{${steps.join("")}100%{transform:translateY(${last}px)}}
@media (prefers-reduced-motion:reduce){.strip{animation:none}}
</style>
<defs>
${[...known].map(([text, id]) => `<g id="${id}">${text}</g>\n`).join("")}<clipPath id="screen"><rect width="${width}" height="${height}"/></clipPath>
</defs>
<rect class="page" x="0.5" y="0.5" width="${width + 2 * room - 1}" height="${height + 2 * room - 1}" rx="8"/>
<g transform="translate(${room} ${room})" clip-path="url(#screen)">
<g class="strip">
${strip.join("")}</g>
</g>
</svg>
`;
}

/** The picture of the run that README.md tells of, from its recording. */
export function pictureOfRun(cast: string): string {
  const recording = recordingIn(cast);
  return picture(framesOf(recording), {
    title: "A deploy to three hosts, and what failed run again",
    description:
      "A terminal. es deploy shows a table of hosts and steps with the time of each. web3 cannot be reached and is " +
      "shown on top, with the reason, while the others go on to the end. es says how to go on: es deploy --retry " +
      "brings web3 up, too. Waiting times are shortened.",
    columns: recording.columns,
  });
}
