/** 10⁰ … 10²², the powers of ten a double holds exactly. */
const POWERS: Float64Array = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * The number written in bytes [start, end), or undefined when they are not a number.
 *
 * Decimal notation with optional sign, fraction and exponent; `nan` and `inf`/`infinity` in any case.
 * Up to 15 digits and small exponents are exact products or quotients of doubles, hence correctly
 * rounded (Clinger, PLDI 1990); everything else goes through the runtime's own conversion.
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number): number | undefined {
  let at = start;
  let negative = false;
  const sign = bytes[at];
  if (at < end && (sign === 45 || sign === 43)) {
    negative = sign === 45;
    at++;
  }
  let mantissa = 0;
  let digits = 0;
  let seen = 0;
  let scale = 0;
  for (; at < end; at++) {
    const c = bytes[at]! - 48;
    if (c < 0 || c > 9) break;
    seen++;
    if (mantissa !== 0 || c !== 0) digits++;
    mantissa = mantissa * 10 + c;
  }
  if (at < end && bytes[at] === 46) {
    for (at++; at < end; at++) {
      const c = bytes[at]! - 48;
      if (c < 0 || c > 9) break;
      seen++;
      if (mantissa !== 0 || c !== 0) digits++;
      mantissa = mantissa * 10 + c;
      scale--;
    }
  }
  if (seen === 0) return parseWord(bytes, start, end);
  if (at < end && (bytes[at]! | 32) === 101) {
    at++;
    let exponentSign = 1;
    if (at < end && (bytes[at] === 45 || bytes[at] === 43)) exponentSign = bytes[at++] === 45 ? -1 : 1;
    const from = at;
    let exponent = 0;
    for (; at < end; at++) {
      const c = bytes[at]! - 48;
      if (c < 0 || c > 9) break;
      exponent = Math.min(exponent * 10 + c, 100000);
    }
    if (at === from) return undefined;
    scale += exponentSign * exponent;
  }
  if (at !== end) return undefined;
  if (digits <= 15 && scale >= -22 && scale <= 22) {
    const value = scale < 0 ? mantissa / POWERS[-scale]! : mantissa * POWERS[scale]!;
    return negative ? -value : value;
  }
  return Number(ascii(bytes, start, end));
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

function parseWord(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 9 || end === start) return undefined;
  const word = ascii(bytes, start, end).toLowerCase();
  if (/^[+-]?nan$/.test(word)) return Number.NaN;
  if (/^[+-]?inf(inity)?$/.test(word)) {
    return word.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return undefined;
}

const encoder: TextEncoder = new TextEncoder();

/** The number a text says, blanks around it allowed, or undefined. */
export function textToNumber(text: string): number | undefined {
  const bytes = encoder.encode(text.trim());
  return parseNumber(bytes, 0, bytes.length);
}
