import { VicinalError } from "../../core/index.ts";
import { parseJson } from "../collections/schemas.ts";
import { Refusal } from "../refusal.ts";

export type Json = Readonly<Record<string, unknown>>;

/** A body of Qdrant's as an object. */
export function bodyOf(body: ArrayBuffer | undefined): Json {
  const value = body === undefined || body.byteLength === 0 ? {} : parseJson(body);
  return objectOf(value, "the body");
}

export function objectOf(value: unknown, what: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw bad(what, value, "an object");
  return value as Json;
}

/** Refuses what Qdrant knows and this server does not, instead of answering something else; null is nothing asked. */
export function only(given: Json, what: string, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name) || given[name] === null || given[name] === undefined) continue;
    throw new VicinalError("UNSUPPORTED", {
      what: `${JSON.stringify(name.slice(0, 100))} in ${what}`,
      rule: `this server understands ${known.join(", ")}`,
    });
  }
}

export function bad(what: string, got: unknown, rule: string): VicinalError {
  const shown = got === null ? "null" : Array.isArray(got) ? "a list" : typeof got;
  return new VicinalError("BAD_INPUT", { what, got: shown, rule });
}

/** A whole number from `low`, or a default where none is given. */
export function wholeOf(given: Json, name: string, otherwise: number, low: number): number {
  const value = given[name] ?? otherwise;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < low) {
    throw new VicinalError("OPTION_RANGE", { option: name, got: value, rule: `a whole number from ${low}` });
  }
  return value;
}

export function numberOf(given: Json, name: string): number | undefined {
  const value = given[name];
  if (value === null || value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) throw bad(name, value, "a finite number");
  return value;
}

export type PointId = number | string;

/** An id: a whole number from 0, or text such as a UUID. */
export function idOf(value: unknown, what = "id"): PointId {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw bad(what, value, "a whole number from 0, or a UUID");
}

export function idsOf(value: unknown, what: string): PointId[] {
  if (!Array.isArray(value)) throw bad(what, value, "a list of ids");
  return value.map((each, i) => idOf(each, `${what}[${i}]`));
}

/** The one vector of a point: here it has no name. */
export function vectorOf(value: unknown, what: string): number[] {
  if (Array.isArray(value) && !Array.isArray(value[0])) return value as number[];
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const names = Object.keys(value);
    const [name] = names;
    if (names.length === 1 && name === "") return vectorOf((value as Json)[""], what);
    if ((value as Json)["name"] === "") return vectorOf((value as Json)["vector"], what);
  }
  if (typeof value === "object" && value !== null) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${what} that is named, sparse, a document or of several parts`,
      rule: "points have one dense vector without a name",
    });
  }
  throw bad(what, value, "a list of numbers");
}

/** Which fields of a payload are wanted. */
export type Selection = (payload: Json) => Json | undefined;

export function selectionOf(value: unknown, otherwise: boolean): Selection {
  const wanted = value ?? otherwise;
  if (typeof wanted === "boolean") return (payload) => (wanted ? payload : undefined);
  if (Array.isArray(wanted)) return picker(wanted, true);
  const given = objectOf(wanted, "with_payload");
  only(given, "with_payload", ["include", "exclude"]);
  const { include, exclude } = given;
  if (Array.isArray(include)) return picker(include, true);
  if (Array.isArray(exclude)) return picker(exclude, false);
  throw bad("with_payload", wanted, "true, false, or names of fields");
}

function picker(names: readonly unknown[], kept: boolean): Selection {
  const set = new Set(names);
  return (payload) => Object.fromEntries(Object.entries(payload).filter(([name]) => set.has(name) === kept));
}

export function flagOf(given: Json, name: string): boolean {
  const value = given[name] ?? false;
  if (Array.isArray(value) && value.length === 0) return false;
  if (typeof value === "boolean") return value;
  if (Array.isArray(value)) {
    throw new VicinalError("UNSUPPORTED", {
      what: `names of vectors in ${name}`,
      rule: "vectors have no names",
    });
  }
  throw bad(name, value, "true or false");
}

export function notHere(what: string): Refusal {
  return new Refusal("NOT_FOUND", `Not found: ${what}.`);
}
