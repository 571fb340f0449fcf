import { VicinalError } from "../core/errors.ts";
import type { Facts, Json } from "./snapshot.ts";

/** Takes facts out of a header one by one, each checked; what is wrong is a FORMAT error naming the file. */
export class FactsReader {
  #facts: Facts;
  #what: string;
  #taken = new Set<string>();

  /** @param what how the file is called in messages, such as a reader's `label` */
  constructor(facts: Facts, what: string) {
    this.#facts = facts;
    this.#what = what;
  }

  /** Whether the file states that fact. */
  has(name: string): boolean {
    return Object.hasOwn(this.#facts, name);
  }

  /** The fact as it stands. */
  json(name: string): Json {
    if (!this.has(name)) this.#refuse(`the header states "${name}"`);
    this.#taken.add(name);
    return this.#facts[name]!;
  }

  /** A whole number within [low, high]. */
  whole(name: string, low: number, high: number): number {
    const value = this.json(name);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < low || value > high) {
      this.#refuse(`"${name}" is a whole number from ${low} to ${high}`, value);
    }
    return value;
  }

  /** A finite number within [low, high]. */
  number(name: string, low: number = -Number.MAX_VALUE, high: number = Number.MAX_VALUE): number {
    const value = this.json(name);
    if (typeof value !== "number" || !(value >= low && value <= high)) {
      this.#refuse(`"${name}" is a number from ${low} to ${high}`, value);
    }
    return value;
  }

  /** One of a fixed set of words. */
  word<T extends string>(name: string, known: readonly T[]): T {
    const value = this.json(name);
    if (typeof value !== "string" || !(known as readonly string[]).includes(value)) {
      this.#refuse(`"${name}" is one of ${known.join(", ")}`, value);
    }
    return value as T;
  }

  /** A text of at most `limit` UTF-16 units. */
  text(name: string, limit = 1000): string {
    const value = this.json(name);
    if (typeof value !== "string" || value.length > limit) {
      this.#refuse(`"${name}" is a text of at most ${limit} characters`, value);
    }
    return value;
  }

  flag(name: string): boolean {
    const value = this.json(name);
    if (typeof value !== "boolean") this.#refuse(`"${name}" is true or false`, value);
    return value;
  }

  /** Refuses facts that nobody took: a newer writer meant something by them. */
  done(): void {
    for (const name of Object.keys(this.#facts)) {
      if (!this.#taken.has(name)) this.#refuse("the header states only facts known to this version", name);
    }
  }

  #refuse(rule: string, got?: Json): never {
    const shown = got === undefined ? {} : { got: JSON.stringify(got).slice(0, 100) };
    throw new VicinalError("FORMAT", { what: this.#what, rule, ...shown });
  }
}
