import { VicinalError } from "../core/errors.ts";
import { type Engine, FIRST_ADDRESS } from "./engine.ts";

/** Sections start at multiples of this many bytes, a cache line. */
export const SECTION_ALIGN = 64;

interface Section {
  readonly ptr: number;
  readonly bytes: number;
}

const alignUp = (n: number): number => Math.ceil(n / SECTION_ALIGN) * SECTION_ALIGN;

/**
 * Named sections, one after another, that fill a whole engine's memory from {@link FIRST_ADDRESS} on.
 * Invariant: every byte past the end of a section's data, and past the last section, is zero.
 */
export class Arena {
  readonly #engine: Engine;
  #sections = new Map<string, Section>();
  #end = FIRST_ADDRESS;

  /** Over an engine whose memory nothing else lays out. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Where the section starts; changes with {@link resize}. */
  ptr(name: string): number {
    return this.#section(name).ptr;
  }

  /** Bytes of the section, as last asked for. */
  bytes(name: string): number {
    return this.#section(name).bytes;
  }

  /** Bytes in use, from address 0 to the end of the last section. */
  get total(): number {
    return this.#end;
  }

  get names(): string[] {
    return [...this.#sections.keys()];
  }

  /** Bytes the memory would need for these sections. */
  static totalOf(sizes: Readonly<Record<string, number>>): number {
    let end = FIRST_ADDRESS;
    for (const bytes of Object.values(sizes)) end = alignUp(end) + bytes;
    return end;
  }

  /**
   * Gives every section its new size in bytes: all names each time, in the same order, new names last. Each
   * section keeps its leading min(old, new) bytes; new room is zero; bytes no longer in use are zeroed.
   * Contents move in place, so no second copy is held. Cost: the bytes that move.
   *
   * @throws VicinalError OUT_OF_MEMORY, BAD_INPUT; nothing has changed then
   */
  resize(sizes: Readonly<Record<string, number>>): void {
    const next = this.#layout(sizes);
    const last = [...next.values()].at(-1);
    const end = last === undefined ? FIRST_ADDRESS : last.ptr + last.bytes;
    this.#engine.grow(end);

    const moves = [...this.#sections].map(([name, old]) => {
      const { ptr, bytes } = next.get(name)!;
      return { from: old.ptr, to: ptr, kept: Math.min(old.bytes, bytes) };
    });
    const memory = this.#engine.u8;
    // Falling sections first, lowest first: what lies below a target has fallen already or ends before it.
    for (const { from, to, kept } of moves) {
      if (to < from) memory.copyWithin(to, from, from + kept);
    }
    for (const { from, to, kept } of moves.reverse()) {
      if (to > from) memory.copyWithin(to, from, from + kept);
    }
    this.#clearUnused(memory, next);
    this.#sections = next;
    this.#end = end;
  }

  /** Gives back the room past the last section; see {@link Engine.shrink}. Cost: a copy of the contents. */
  trim(): void {
    this.#engine.shrink(this.#end);
  }

  #section(name: string): Section {
    const section = this.#sections.get(name);
    if (section === undefined) {
      throw new VicinalError("BAD_INPUT", {
        what: "section",
        got: `"${name}"`,
        rule: `one of ${this.names.join(", ")}`,
      });
    }
    return section;
  }

  #layout(sizes: Readonly<Record<string, number>>): Map<string, Section> {
    const names = Object.keys(sizes);
    if (this.names.some((name, i) => names[i] !== name)) {
      throw new VicinalError("BAD_INPUT", {
        what: "arena sections",
        got: names.join(", "),
        rule: `${this.names.join(", ")} in this order, new ones after them`,
      });
    }
    const next = new Map<string, Section>();
    let end = FIRST_ADDRESS;
    for (const name of names) {
      const bytes = sizes[name]!;
      if (!Number.isSafeInteger(bytes) || bytes < 0) {
        throw new VicinalError("OPTION_RANGE", { option: name, got: bytes, rule: "a whole number of bytes" });
      }
      next.set(name, { ptr: alignUp(end), bytes });
      end = alignUp(end) + bytes;
    }
    return next;
  }

  /** Zeroes what no section keeps. Only addresses below the old end can hold anything but zeros. */
  #clearUnused(memory: Uint8Array, next: ReadonlyMap<string, Section>): void {
    let free = FIRST_ADDRESS;
    for (const [name, { ptr, bytes }] of next) {
      clear(memory, free, ptr, this.#end);
      const kept = Math.min(this.#sections.get(name)?.bytes ?? 0, bytes);
      free = ptr + kept;
    }
    clear(memory, free, this.#end, this.#end);
  }
}

function clear(memory: Uint8Array, from: number, to: number, limit: number): void {
  const end = Math.min(to, limit);
  if (end > from) memory.fill(0, from, end);
}
