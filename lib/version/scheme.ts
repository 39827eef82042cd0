// Versions made of a date and a count: year.month.day.count.

import { Failure, UsageError } from "../base/failure.js";
import { didYouMean } from "../base/nearest.js";
import { highestVersion, sortsAbove, versionParts } from "./pep440.js";

/** A day of somebody's calendar; month and day count from 1. */
export interface Day {
  year: number;
  month: number;
  day: number;
}

// How each scheme writes the year. `y.m.d.n` begins anew every ten years.
const years = {
  "y.m.d.n": (year: number) => year % 10,
  "yy.m.d.n": (year: number) => year % 100,
  "yyyy.m.d.n": (year: number) => year,
} as const;

export type Scheme = keyof typeof years;
const schemes = Object.keys(years) as Scheme[];

/** The scheme of that name; UsageError for any other. */
export function schemeNamed(text: string): Scheme {
  const found = schemes.find((name) => name === text);
  if (found) return found;
  throw new UsageError(
    `unknown version scheme ${text}${didYouMean(text, schemes)} (known are ${schemes.join(", ")})`,
  );
}

/** The day that a date such as 2026-11-21 names; UsageError for any other text and for 2026-02-30. */
export function dayNamed(text: string): Day {
  const [, year, month, day] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []).map(Number);
  const date = new Date(`${text}T00:00:00Z`);
  if (!year || !month || !day || Number.isNaN(date.getTime()) || date.getUTCDate() !== day)
    throw new UsageError(`--date takes a day as 2026-11-21, not ${text}`);
  return { year, month, day };
}

/** The day on which a moment falls here, in the time zone of this process. */
export function dayOf(moment: Date): Day {
  return { year: moment.getFullYear(), month: moment.getMonth() + 1, day: moment.getDate() };
}

/**
 * The present moment; SOURCE_DATE_EPOCH (seconds, as reproducible-builds.org describes it) stands for it where
 * it is set. UsageError when that is no number.
 */
export function now(sourceDateEpoch: string | undefined): Date {
  if (sourceDateEpoch === undefined || sourceDateEpoch === "") return new Date();
  const moment = new Date(Number(sourceDateEpoch) * 1000);
  if (!/^\d+$/.test(sourceDateEpoch) || Number.isNaN(moment.getTime()))
    throw new UsageError(`SOURCE_DATE_EPOCH is not a number of seconds: ${sourceDateEpoch}`);
  return moment;
}

/** Year, month and day as they stand at the front of a version. */
function front(scheme: Scheme, { year, month, day }: Day): [number, number, number] {
  return [years[scheme](year), month, day];
}

/**
 * The version of the day with the count that follows the highest one, and `skip` more; labels and unfinished releases
 * take a count, too. It is in the epoch that the published ones have come to.
 */
async function candidate(
  scheme: Scheme,
  day: Day,
  published: readonly string[],
  skip: number,
): Promise<string> {
  const start = front(scheme, day);
  let epoch = 0;
  let count = 0;
  for (const version of published) {
    const parts = await versionParts(version);
    if (!parts || parts.epoch < epoch) continue;
    if (parts.epoch > epoch) [epoch, count] = [parts.epoch, 0];
    if (start.every((number, index) => parts.release[index] === number))
      count = Math.max(count, parts.release[start.length] ?? 0);
  }
  return `${epoch ? `${epoch}!` : ""}${start.join(".")}.${count + 1 + skip}`;
}

/** True for a version that the scheme gives to some day after `day`. */
async function isOfLaterDay(version: string, scheme: Scheme, day: Day): Promise<boolean> {
  const parts = await versionParts(version);
  if (parts?.release.length !== 4) return false;
  const [year = 0, month = 0, date = 0] = parts.release;
  const [thisYear, thisMonth, today] = front(scheme, day);
  if (month < 1 || month > 12 || date < 1 || date > 31) return false;
  // Builders whose clocks or time zones differ are a day or so apart, not a year.
  return year === thisYear && (month > thisMonth || (month === thisMonth && date > today));
}

async function waysOn(scheme: Scheme, day: Day, published: readonly string[], top: string): Promise<string> {
  const ways: string[] = [];
  for (const other of schemes) {
    const version = await candidate(other, day, published, 0);
    if (other !== scheme && (await sortsAbove(version, top))) {
      ways.push(`set version.scheme to "${other}" (next would be ${version})`);
      break;
    }
  }
  const epoch = ((await versionParts(top))?.epoch ?? 0) + 1;
  const start = `${epoch}!${front(scheme, day).join(".")}.1`;
  ways.push(`begin a new epoch, which sorts above all (es-version use '${start}')`);
  ways.push(`or take ${top} off the index`);
  return ways.join("; ");
}

/**
 * The next version of a project on a day: one that no published version has and that sorts above all of them
 * (PEP 440), so that pip takes it for the newest. `published` are the versions on the index, yanked ones too;
 * `skip` counts are left out.
 * Throws Failure "would-sort-below" that says why that cannot be and how to go on.
 */
export async function nextVersion(
  scheme: Scheme,
  day: Day,
  published: readonly string[],
  skip = 0,
): Promise<string> {
  const version = await candidate(scheme, day, published, skip);
  const top = await highestVersion(published);
  if (top === undefined || (await sortsAbove(version, top))) return version;
  let why = "which was not made by this scheme";
  if (await isOfLaterDay(top, scheme, day))
    why = `which is of a later day: look at the clock and the time zone, or give --date`;
  else if (scheme === "y.m.d.n" && /^\d\./.test(top))
    why = "because the scheme y.m.d.n has one digit for the year and begins anew every ten years";
  throw new Failure(
    "would-sort-below",
    `the next version would be ${version}, but it sorts below the published ${top}, ${why}; ${await waysOn(scheme, day, published, top)}`,
  );
}
