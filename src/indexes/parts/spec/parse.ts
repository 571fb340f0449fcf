import { VicinalError } from "../../../core/index.ts";
import { readLists, startsLists } from "./lists.ts";
import { NAMED, readNamed, showNamed } from "./named.ts";
import { splitSpec, type Token, TokenReader } from "./tokens.ts";
import type { Spec } from "./types.ts";

const MAX_LENGTH = 1000;

const LISTS = "IVF<nlist>,<codes>, OPQ<m>,<codes>, SQ<bits>, PQ<m>, RaBitQ";

/**
 * Reads a specification in the words of FAISS's index_factory: `Flat`, `HNSW16,SQ8`, `IVF1024,PQ16x4fs,Refine`,
 * `OPQ16_64,PQ16`; and those it has none for: `KDTree`, `RPForest50`, `ANNG`, `QG32`, `ScaNN256,SOAR`, `Auto`.
 * Case does not matter; `HNSW32_SQ8`, `RFlat`, `Refine(Flat)` and `IVF4k` are read as FAISS means them, and
 * `IDMap` as the first or last word is dropped, as every index here has keys.
 *
 * Throws SPEC_SYNTAX with the wrong token, its position and what could stand there.
 */
export function parseSpec(text: string): Spec {
  if (typeof text !== "string" || text.length > MAX_LENGTH) {
    const got = typeof text === "string" ? `${text.length} characters long` : `a ${typeof text}`;
    const rule = `a string such as "HNSW32,SQ8,Refine"`;
    throw new VicinalError("BAD_INPUT", { what: "index specification", got, rule });
  }
  const reader: TokenReader = new TokenReader(text, withoutIdMap(splitSpec(text)));
  const head = reader.take();
  const word = /^[a-z]*/i.exec(head.text)![0].toLowerCase();
  if (startsLists(word)) return readLists(reader, head);
  const named = NAMED.find((each) => each.word.toLowerCase() === word);
  if (named === undefined) reader.fail(head, `one of ${NAMED.map(showNamed).join(", ")}, ${LISTS}`);
  return readNamed(reader, head, named);
}

/** Ids of the caller are part of every index here. */
function withoutIdMap(tokens: readonly Token[]): readonly Token[] {
  const isIdMap = (token: Token | undefined): boolean => /^IDMap2?$/i.test(token?.text ?? "");
  if (tokens.length === 1) return tokens;
  if (isIdMap(tokens[0])) return tokens.slice(1);
  return isIdMap(tokens.at(-1)) ? tokens.slice(0, -1) : tokens;
}
