import { type Range, readNumber, type Token, type TokenReader } from "./tokens.ts";
import { DEFAULT_M, type ListCodes, MAX_M, MAX_NLIST, MIN_M, type OpqSpec, type Spec } from "./types.ts";

const NLIST: Range = { name: "nlist", low: 1, high: MAX_NLIST, scaled: true };
const COARSE_M: Range = { name: "M", low: MIN_M, high: MAX_M };
const PARTS: Range = { name: "m", low: 1, high: 65_535 };
const DIMENSION: Range = { name: "dimension", low: 1, high: 65_535 };

const CODES = "SQ8, SQ6, SQ4, PQ<m>, PQ<m>x4, PQ<m>x4fs or RaBitQ";
const PQ_ONLY = "PQ<m>, PQ<m>x4 or PQ<m>x4fs";
const IN_LISTS = `Flat, ${CODES}`;

/** Whether a word can begin a specification of lists or flat codes. */
export function startsLists(word: string): boolean {
  return ["opq", "ivf", "sq", "pq", "rabitq"].includes(word);
}

/** Reads `[OPQ<m>[_<dimension>],][IVF<nlist>[_HNSW<M>],]<codes>[,Refine]`. */
export function readLists(reader: TokenReader, head: Token): Spec {
  let token: Token | undefined = head;
  let opq: OpqSpec | undefined;
  let nlist: number | undefined;
  let coarse: { M: number } | undefined;
  if (/^OPQ/i.test(token.text)) {
    opq = readOpq(reader, token);
    token = reader.next;
    if (token === undefined) reader.fail(reader.end, `IVF<nlist> or ${PQ_ONLY}`);
    reader.take();
  }
  if (/^IVF/i.test(token.text)) {
    nlist = readNumber(reader, token, 3, NLIST);
    if (nlist === undefined) reader.fail(token, "a number of lists behind IVF, as in IVF1024", 3);
    if (reader.next?.glued && /^HNSW/i.test(reader.next.text)) {
      coarse = { M: readNumber(reader, reader.take(), 4, COARSE_M) ?? DEFAULT_M };
    }
    token = reader.next;
    const wanted = opq === undefined ? IN_LISTS : PQ_ONLY;
    if (token === undefined) reader.fail(reader.end, wanted);
    reader.take();
  }
  const codes = readCodes(reader, token, nlist !== undefined, opq !== undefined);
  return { kind: "Lists", opq, nlist, coarse, codes, refine: readRefine(reader, codes) };
}

function readOpq(reader: TokenReader, token: Token): OpqSpec {
  const m = readNumber(reader, token, 3, PARTS);
  if (m === undefined) reader.fail(token, "a number of parts behind OPQ, as in OPQ16", 3);
  if (!reader.next?.glued) return { m, dimension: undefined };
  const second = reader.take();
  const dimension = readNumber(reader, second, 0, DIMENSION);
  if (dimension === undefined) reader.fail(second, "a whole number dimension");
  if (dimension % m !== 0) reader.fail(second, `a multiple of ${m}, the parts of OPQ`);
  return { m, dimension };
}

function readCodes(reader: TokenReader, token: Token, inLists: boolean, turned: boolean): ListCodes {
  const { text } = token;
  const letters = /^[a-z]*/i.exec(text)![0].toLowerCase();
  const expected = turned ? (inLists ? PQ_ONLY : `IVF<nlist> or ${PQ_ONLY}`) : inLists ? IN_LISTS : CODES;
  if (letters === "pq") return readPq(reader, token);
  if (!turned) {
    if (inLists && text.toLowerCase() === "flat") return { kind: "Flat" };
    if (letters === "sq") return readSq(reader, token, expected);
    if (letters === "rabitq") return readRabitq(reader, token);
  }
  reader.fail(token, expected);
}

function readSq(reader: TokenReader, token: Token, expected: string): ListCodes {
  const bits = [4, 6, 8].find((n) => `sq${n}` === token.text.toLowerCase()) as 4 | 6 | 8 | undefined;
  if (bits !== undefined) return { kind: "SQ", bits };
  if (/^SQ7$/i.test(token.text)) reader.fail(token, "SQ8, SQ6 or SQ4; SQ7 is for graphs, as in HNSW32,SQ7");
  reader.fail(token, expected);
}

/** FAISS's more bits a component are for what SQ does. */
function readRabitq(reader: TokenReader, token: Token): ListCodes {
  const end = "RaBitQ".length;
  const bits = token.text.slice(end);
  if (bits !== "" && bits !== "1") {
    reader.fail(
      token,
      "the end of this word: RaBitQ has one bit a component; SQ4, SQ6 and SQ8 have more",
      end,
    );
  }
  return { kind: "RaBitQ" };
}

/** `PQ16`, `PQ16x8`, `PQ32x4`, `PQ32x4fs`; FAISS's `np` asks for what is done here anyway. */
function readPq(reader: TokenReader, token: Token): ListCodes {
  const { text } = token;
  const digits = /^PQ(\d*)/i.exec(text)![0].length;
  const m = readNumber(reader, token, 2, PARTS, digits);
  if (m === undefined) reader.fail(token, "a number of parts behind PQ, as in PQ16", 2);
  const form = text.slice(digits).toLowerCase();
  const code = { kind: "PQ", m } as const;
  if (form === "" || form === "x8" || form === "np" || form === "x8np") {
    return { ...code, nbits: 8, fastScan: false };
  }
  if (form === "x4" || form === "x4np") return { ...code, nbits: 4, fastScan: false };
  if (form === "x4fs") {
    // FAISS's block size may follow; the one that registers have is the one there is.
    if (reader.next?.glued && reader.next.text === "32") reader.take();
    return { ...code, nbits: 4, fastScan: true };
  }
  if (form.startsWith("+")) reader.fail(token, "Refine after PQ<m>, which scores by the vectors", digits);
  if (form === "x8fs") reader.fail(token, "x4fs: fast scan is for codes of 4 bits", digits);
  reader.fail(token, "the end of this word, x8 (256 centroids), x4 (16) or x4fs (16, fast scan)", digits);
}

function readRefine(reader: TokenReader, codes: ListCodes): boolean {
  const token = reader.next;
  if (token === undefined) return false;
  const refine = ["refine", "rflat", "refine(flat)"].includes(token.text.toLowerCase());
  if (refine && codes.kind === "Flat") reader.fail(token, "the end: Flat is exact within its lists");
  if (!refine) reader.fail(token, codes.kind === "Flat" ? "the end" : "Refine or the end");
  reader.take();
  reader.finish("the end");
  return true;
}
