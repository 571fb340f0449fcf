import { VicinalError } from "../../core/index.ts";
import { transposedEntries } from "../linalg/csr.ts";

/**
 * Who has to do with what, and how much: a sparse matrix of users × items in rows. Row u holds items
 * `indices[indptr[u]] … indices[indptr[u + 1] − 1]`, ascending, each once, with `values` > 0.
 */
export interface Interactions {
  readonly users: number;
  readonly items: number;
  readonly indptr: Uint32Array;
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/** Interactions as three columns of equal length; values default to 1. */
export interface InteractionColumns {
  readonly users: ArrayLike<number>;
  readonly items: ArrayLike<number>;
  readonly values?: ArrayLike<number>;
}

/** One interaction: user, item and, unless 1, how much. */
export type Triple = readonly [user: number, item: number, value?: number];

export interface InteractionsShape {
  /** Users in all; default: one more than the largest number. */
  users?: number;
  /** Items in all; default: one more than the largest number. */
  items?: number;
}

/** More than this many users or items are taken for a mistake (keys instead of numbers). */
const MOST = 2 ** 28;

/**
 * Interactions from triples or columns, in any order; the values of equal pairs are added up.
 *
 * @param given users and items by number from 0; values finite and > 0 (leave out what did not happen)
 * @throws VicinalError BAD_INPUT names the first entry that is wrong; nothing is taken in then
 * @remarks O(entries + users + items), besides sorting each row
 */
export function interactions(
  given: Iterable<Triple> | InteractionColumns,
  shape: InteractionsShape = {},
): Interactions {
  const { users, items, values } = columnsOf(given);
  const n = users.length;
  const rows = shape.users === undefined ? extent(users) : limit("users", shape.users);
  const cols = shape.items === undefined ? extent(items) : limit("items", shape.items);
  const indptr = new Uint32Array(rows + 1);
  for (let e = 0; e < n; e++) {
    checkId("user", users[e], rows, e);
    checkId("item", items[e], cols, e);
    const value = values?.[e] ?? 1;
    if (!(typeof value === "number" && value > 0 && value <= 3.4e38)) {
      throw bad(`value ${String(value)} at entry ${e}`, "a finite number over 0");
    }
    indptr[users[e]! + 1]!++;
  }
  for (let u = 0; u < rows; u++) indptr[u + 1]! += indptr[u]!;
  const at = indptr.slice(0, rows);
  const indices = new Uint32Array(n);
  const amounts = new Float64Array(n);
  for (let e = 0; e < n; e++) {
    const slot = at[users[e]!]!++;
    indices[slot] = items[e]!;
    amounts[slot] = values?.[e] ?? 1;
  }
  return merged(rows, cols, indptr, indices, amounts);
}

/** Rows sorted by item, equal items added up. */
function merged(
  users: number,
  items: number,
  indptr: Uint32Array,
  indices: Uint32Array,
  amounts: Float64Array,
): Interactions {
  const start = new Uint32Array(users + 1);
  let out = 0;
  for (let u = 0; u < users; u++) {
    const from = indptr[u]!;
    const order = Array.from({ length: indptr[u + 1]! - from }, (_, i) => from + i);
    order.sort((a, b) => indices[a]! - indices[b]! || a - b);
    // Sorted copies first: places are written over below.
    const sorted = order.map((e) => [indices[e]!, amounts[e]!] as const);
    for (const [item, amount] of sorted) {
      if (out > start[u]! && indices[out - 1] === item) amounts[out - 1]! += amount;
      else {
        indices[out] = item;
        amounts[out++] = amount;
      }
    }
    start[u + 1] = out;
  }
  const values = Float32Array.from(amounts.subarray(0, out));
  return { users, items, indptr: start, indices: indices.slice(0, out), values };
}

interface Columns {
  users: ArrayLike<number>;
  items: ArrayLike<number>;
  values: ArrayLike<number> | undefined;
}

function columnsOf(given: Iterable<Triple> | InteractionColumns): Columns {
  if (typeof given !== "object" || given === null) {
    throw bad(`a ${typeof given}`, "triples [user, item, value], or columns { users, items, values }");
  }
  if (Symbol.iterator in given) {
    const [users, items, values]: [number[], number[], number[]] = [[], [], []];
    for (const triple of given) {
      if (!Array.isArray(triple) || triple.length < 2)
        throw bad(String(triple), "triples [user, item, value]");
      users.push(triple[0]);
      items.push(triple[1]);
      values.push(triple[2] ?? 1);
    }
    return { users, items, values };
  }
  const { users, items, values } = given;
  if (users?.length === undefined || items?.length !== users.length) {
    throw bad(`${users?.length} users and ${items?.length} items`, "columns of equal length");
  }
  if (values !== undefined && values.length !== users.length) {
    throw bad(`${values.length} values for ${users.length} entries`, "one value an entry");
  }
  return { users, items, values };
}

function extent(ids: ArrayLike<number>): number {
  let most = -1;
  for (let e = 0; e < ids.length; e++) if (ids[e]! > most) most = ids[e]!;
  return Math.min(most + 1, MOST);
}

function limit(what: string, got: unknown): number {
  if (typeof got !== "number" || !Number.isInteger(got) || got < 0 || got > MOST) {
    throw new VicinalError("OPTION_RANGE", { option: what, got, rule: `a whole number from 0 to ${MOST}` });
  }
  return got;
}

function checkId(what: string, id: unknown, count: number, entry: number): void {
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < count) return;
  const rule = `a whole number from 0 and below ${count}; number ${what}s in order of appearance`;
  throw bad(`${what} ${String(id)} at entry ${entry}`, rule);
}

function bad(got: string, rule: string): VicinalError {
  return new VicinalError("BAD_INPUT", { what: "interactions", got, rule });
}

/** Refuses what {@link interactions} would not have made. O(entries). */
export function checkInteractions(x: Interactions): Interactions {
  const { users, items, indptr, indices, values } = x ?? {};
  const shaped =
    indptr?.length === users + 1 && indices?.length === indptr[users] && values?.length === indices.length;
  if (!shaped) throw bad("an object of another shape", "made by interactions()");
  for (let u = 0; u < users; u++) {
    if (indptr[u + 1]! < indptr[u]!) throw bad(`row ${u} of negative length`, "made by interactions()");
    for (let e = indptr[u]!; e < indptr[u + 1]!; e++) {
      const ascending = e === indptr[u]! || indices[e]! > indices[e - 1]!;
      if (!(ascending && indices[e]! < items && values[e]! > 0 && values[e]! < Number.POSITIVE_INFINITY)) {
        throw bad(`item ${indices[e]} with value ${values[e]} in row ${u}`, "made by interactions()");
      }
    }
  }
  return x;
}

/** Items × users of the same interactions. */
export function transposed({ users, items, indptr, indices, values }: Interactions): Interactions {
  return { users: items, items: users, ...transposedEntries(items, indptr, indices, values) };
}

/** Items of a user and their values, as views. */
export function rowOf(x: Interactions, user: number): { items: Uint32Array; values: Float32Array } {
  const [from, to] = [x.indptr[user]!, x.indptr[user + 1]!];
  return { items: x.indices.subarray(from, to), values: x.values.subarray(from, to) };
}

/** Whether a row holds the item; O(log of the row's length). */
export function holds(x: Interactions, user: number, item: number): boolean {
  let low = x.indptr[user]!;
  let high = x.indptr[user + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x.indices[middle]! < item) low = middle + 1;
    else high = middle;
  }
  return low < x.indptr[user + 1]! && x.indices[low] === item;
}
