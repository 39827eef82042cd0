// Which projects and files a directory has: an index in memory that follows the directory, whoever changes it.

import { milliseconds } from "../../base/clock.js";
import { projectsOf } from "../../base/distribution.js";
import { Listing } from "./listing.js";

/** A directory of more names is read again only after a pause (milliseconds), unless certainty is asked for. */
const many = 2000;
const pause = 500;

/** The names of distributions in a directory, by project. */
export class Catalogue {
  readonly #listing: Listing;
  /** Every name that was there, with the reading that saw it last. */
  readonly #seen = new Map<string, number>();
  readonly #projects = new Map<string, Set<string>>();
  /** How many files each project has for which it is the likeliest. */
  readonly #listed = new Map<string, number>();
  /** Names that we made while a reading was under way, which may have missed them. */
  readonly #made = new Set<string>();
  #reading = 0;
  #ended = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #sorted = { generation: 0, projects: new Map<string, number>() };
  /** Another one after each change. */
  generation = 0;

  constructor(directory: string) {
    this.#listing = new Listing(directory);
  }

  /**
   * Looks whether the directory has changed. A large one is read at most twice a second, so what others did to
   * it is known half a second later; at once where `certain` asks for it.
   */
  async refresh({ certain = false } = {}): Promise<void> {
    if (!certain && this.#seen.size > many && milliseconds() - this.#ended < pause) return;
    // A look that began before the call may miss what was done before it: so a further one, for all who wait.
    if (this.#running)
      this.#next ??= this.#running
        .catch(() => {})
        .then(() => {
          this.#next = undefined;
          return this.#begin();
        });
    await (this.#next ?? this.#begin());
  }

  #begin(): Promise<void> {
    this.#running = this.#look().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #look(): Promise<void> {
    this.#made.clear();
    const names = await this.#listing.read();
    if (!names) return;
    this.#reading++;
    for (const name of names)
      if (this.#seen.has(name)) this.#seen.set(name, this.#reading);
      else this.#insert(name);
    for (const [name, reading] of this.#seen)
      if (reading !== this.#reading && !this.#made.has(name)) this.#drop(name);
    this.#ended = milliseconds();
  }

  #insert(name: string): void {
    this.#seen.set(name, this.#reading);
    const [first, ...others] = projectsOf(name);
    if (first === undefined) return;
    this.generation++;
    this.#listed.set(first, (this.#listed.get(first) ?? 0) + 1);
    for (const project of [first, ...others]) {
      const files = this.#projects.get(project);
      if (files) files.add(name);
      else this.#projects.set(project, new Set([name]));
    }
  }

  #drop(name: string): void {
    this.#seen.delete(name);
    const [first, ...others] = projectsOf(name);
    if (first === undefined) return;
    this.generation++;
    const left = (this.#listed.get(first) ?? 0) - 1;
    if (left > 0) this.#listed.set(first, left);
    else this.#listed.delete(first);
    for (const project of [first, ...others]) {
      const files = this.#projects.get(project);
      files?.delete(name);
      if (files?.size === 0) this.#projects.delete(project);
    }
  }

  /** A file that we have just put there. */
  add(name: string): void {
    this.#made.add(name);
    if (!this.#seen.has(name)) this.#insert(name);
  }

  /** How many files each project has, by its normalised name, in the order of names. */
  projects(): ReadonlyMap<string, number> {
    if (this.#sorted.generation !== this.generation) {
      const entries = [...this.#listed].sort(([a], [b]) => (a < b ? -1 : 1));
      this.#sorted = { generation: this.generation, projects: new Map(entries) };
    }
    return this.#sorted.projects;
  }

  /** The names of a project's files, sorted; `project` is normalised. */
  filenames(project: string): string[] {
    return [...(this.#projects.get(project) ?? [])].sort();
  }
}
