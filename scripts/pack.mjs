// Packs modules into the text that wasm/unpack/ reads (the format is told there). Finds earlier copies with
// chains of hashes, then the cheapest sequence of steps by dynamic programming over prices, which are those of
// the sequence found in the round before. Deterministic: no clock, no randomness.

// The tables of chances of wasm/unpack/index.ts.
const STATES = 27;
const IS_COPY = 0;
const OLD_DISTANCE = IS_COPY + STATES * 256;
const OLDER = OLD_DISTANCE + STATES;
const LONG = OLDER + STATES;
const LITERALS = LONG + STATES;
const BESIDE = LITERALS + 256 * 256;
const SLOT = BESIDE + 512;
const FEW = SLOT + 6 * 64;
const UPPER = FEW + 14 * 32;
const LAST = UPPER + 32;
const CHANCES = LAST + 16;

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";

const nextState = (state, kind) => (state * 3 + kind) % STATES;
const distanceTable = (length) => Math.min(length, 5);

const HASH_BITS = 16;
const CHAIN = 256;
/** Copies up to this length are considered at every length, longer ones at their full length alone. */
const NICE = 128;
const ROUNDS = 4;

const LITERAL = 0;
const NEW = 1;
const OLD = 2;

/** For each position a list of ever longer copies, each the nearest of its length: length, distance, ... */
function findCopies(data) {
  const head = new Int32Array(1 << HASH_BITS).fill(-1);
  const chain = new Int32Array(data.length).fill(-1);
  const found = new Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const list = [];
    found[i] = list;
    if (i + 3 > data.length) continue;
    const key =
      Math.imul(data[i] | (data[i + 1] << 8) | (data[i + 2] << 16), 0x9e3779b1) >>> (32 - HASH_BITS);
    let longest = 2;
    let from = head[key];
    chain[i] = from;
    head[key] = i;
    for (let tries = CHAIN; tries > 0 && from >= 0; tries--, from = chain[from]) {
      if (data[from + longest] !== data[i + longest]) continue;
      const length = agreement(data, from, i);
      if (length <= longest) continue;
      longest = length;
      list.push(length, i - from);
      if (length > 8 * NICE) break;
    }
  }
  return found;
}

function agreement(data, from, to) {
  let length = 0;
  while (to + length < data.length && data[from + length] === data[to + length]) length++;
  return length;
}

/** Tells `sink` the yes-or-no answers that make up a tree, a number, a step: `sink(chance, bit)`. */
function writer(data) {
  function tree(sink, first, bits, value) {
    let node = 1;
    for (let i = bits - 1; i >= 0; i--) {
      const bit = (value >> i) & 1;
      sink(first + node, bit);
      node = 2 * node + bit;
    }
  }

  function number(sink, table, value) {
    const octave = 31 - Math.clz32(value | 1);
    const slot = value < 4 ? value : 2 * octave + ((value >> (octave - 1)) & 1);
    tree(sink, SLOT + 64 * table, 6, slot);
    if (slot < 4) return;
    const bits = (slot >> 1) - 1;
    if (slot < 14) {
      tree(sink, FEW + 32 * slot, bits, value);
      return;
    }
    for (let i = bits - 1; i >= 4; i--) sink(UPPER + i, (value >> i) & 1);
    tree(sink, LAST, 4, value);
  }

  const isCopy = (state, at) => IS_COPY + 256 * state + (at === 0 ? 0 : data[at - 1]);

  function literal(sink, state, at, distance) {
    sink(isCopy(state, at), 0);
    const previous = at === 0 ? 0 : data[at - 1];
    const beside = data[at - distance];
    let agrees = state % 3 !== LITERAL;
    let node = 1;
    for (let i = 7; i >= 0; i--) {
      const bit = (data[at] >> i) & 1;
      const expected = (beside >> i) & 1;
      sink((agrees ? BESIDE + 256 * expected : LITERALS + 256 * previous) + node, bit);
      agrees &&= bit === expected;
      node = 2 * node + bit;
    }
  }

  function oldDistance(sink, state, at, second, length) {
    sink(isCopy(state, at), 1);
    sink(OLD_DISTANCE + state, 1);
    sink(OLDER + state, second ? 1 : 0);
    if (!second) sink(LONG + state, length > 1 ? 1 : 0);
  }

  function newDistance(sink, state, at) {
    sink(isCopy(state, at), 1);
    sink(OLD_DISTANCE + state, 0);
  }

  return { number, literal, oldDistance, newDistance };
}

/** Arrays of the prices (in bits) of both answers of every chance. */
function pricesOf(counts) {
  const price = new Float64Array(counts.length);
  for (let i = 0; i < counts.length; i += 2) {
    const all = counts[i] + counts[i + 1] + 0.8;
    price[i] = -Math.log2((counts[i] + 0.4) / all);
    price[i + 1] = -Math.log2((counts[i + 1] + 0.4) / all);
  }
  return price;
}

/** The cheapest steps at these prices: an array of [kind, length, distance, whether the older one]. */
function cheapestSteps(data, found, write, prices) {
  const size = data.length;
  const cost = new Float64Array(size + 1).fill(Infinity);
  const steps = new Array(size + 1);
  const states = new Uint8Array(size + 1);
  const last = new Int32Array(size + 1).fill(1);
  const older = new Int32Array(size + 1).fill(1);
  let sum = 0;
  const add = (chance, bit) => {
    sum += prices[2 * chance + bit];
  };
  const priceOf = (action) => {
    sum = 0;
    action(add);
    return sum;
  };
  const numberPrice = (table, value) => priceOf((sink) => write.number(sink, table, value));
  const lengthPrices = [0, 1].map((table) =>
    Float64Array.from({ length: NICE + 1 }, (_, length) => (length < 2 ? 0 : numberPrice(table, length - 2))),
  );
  const lengthPrice = (table, length) =>
    length <= NICE ? lengthPrices[table][length] : numberPrice(table, length - 2);
  const relax = (at, price, kind, length, distance, second) => {
    if (price >= cost[at + length]) return;
    cost[at + length] = price;
    steps[at + length] = [kind, length, distance, second];
  };

  cost[0] = 0;
  for (let at = 0; at < size; at++) {
    if (at > 0) {
      const [kind, length, distance] = steps[at];
      const before = at - length;
      states[at] = nextState(states[before], kind);
      last[at] = kind === LITERAL ? last[before] : distance;
      older[at] = last[at] === last[before] && kind !== NEW ? older[before] : last[before];
    }
    const state = states[at];
    const here = cost[at];
    let longest = 0;
    relax(at, here + priceOf((sink) => write.literal(sink, state, at, last[at])), LITERAL, 1, 0, false);
    for (const second of [false, true]) {
      const distance = second ? older[at] : last[at];
      if (distance > at) continue;
      const length = agreement(data, at - distance, at);
      if (length === 0) continue;
      longest = Math.max(longest, length);
      const start = (l) => here + priceOf((sink) => write.oldDistance(sink, state, at, second, l));
      if (!second) relax(at, start(1), OLD, 1, distance, false);
      const price = start(2);
      for (let l = 2; l <= Math.min(length, NICE); l++) {
        relax(at, price + lengthPrices[1][l], OLD, l, distance, second);
      }
      if (length > NICE) relax(at, price + lengthPrice(1, length), OLD, length, distance, second);
    }
    const price = here + priceOf((sink) => write.newDistance(sink, state, at));
    for (let i = 0, shortest = 2; i < found[at].length; i += 2) {
      const length = found[at][i];
      const distance = found[at][i + 1];
      longest = Math.max(longest, length);
      const tables = [2, 3, 4, 5].map((table) => numberPrice(table, distance - 1));
      const whole = (l) => price + lengthPrice(0, l) + tables[distanceTable(l) - 2];
      for (let l = shortest; l <= Math.min(length, NICE); l++) relax(at, whole(l), NEW, l, distance, false);
      if (length > NICE) relax(at, whole(length), NEW, length, distance, false);
      shortest = length + 1;
    }
    // Inside a copy this long nothing better begins.
    if (longest > 2 * NICE) at += longest - 1;
  }
  const path = [];
  for (let at = size; at > 0; at -= steps[at][1]) path.push(steps[at]);
  return path.reverse();
}

function writeSteps(steps, write, sink) {
  let at = 0;
  let state = 0;
  let last = 1;
  for (const [kind, length, distance, second] of steps) {
    if (kind === LITERAL) write.literal(sink, state, at, last);
    else {
      if (kind === NEW) write.newDistance(sink, state, at);
      else write.oldDistance(sink, state, at, second, length);
      if (kind === NEW || length > 1) write.number(sink, kind === NEW ? 0 : 1, length - 2);
      if (kind === NEW) write.number(sink, distanceTable(length), distance - 1);
      last = distance;
    }
    state = nextState(state, kind);
    at += length;
  }
}

/** A range coder whose digits carry six bits. */
function rangeCoder() {
  const chances = new Uint16Array(CHANCES).fill(2 ** 14);
  const seen = new Uint8Array(CHANCES);
  const digits = [];
  let low = 0;
  let range = 2 ** 30 - 1;
  const shift = () => {
    if (low >= 2 ** 30) {
      low -= 2 ** 30;
      let i = digits.length - 1;
      for (; digits[i] === 63; i--) digits[i] = 0;
      digits[i]++;
    }
    digits.push(Math.floor(low / 2 ** 24));
    low = (low % 2 ** 24) * 64;
  };
  const sink = (index, bit) => {
    const bound = (range >>> 15) * chances[index];
    if (bit === 0) range = bound;
    else {
      low += bound;
      range -= bound;
    }
    const error = (bit === 0 ? 32767 : 0) - chances[index];
    chances[index] += Math.trunc((2 * error) / (2 * seen[index] + 3));
    if (seen[index] < 30) seen[index]++;
    for (; range < 2 ** 24; range *= 64) shift();
  };
  const finish = () => {
    for (let i = 0; i < 5; i++) shift();
    return digits.map((digit) => DIGITS[digit]).join("");
  };
  return { sink, finish };
}

/** The text for these bytes. */
function packBytes(data) {
  const found = findCopies(data);
  const write = writer(data);
  let prices = new Float64Array(2 * CHANCES).fill(1);
  let steps;
  for (let round = 0; round < ROUNDS; round++) {
    steps = cheapestSteps(data, found, write, prices);
    const counts = new Float64Array(2 * CHANCES);
    writeSteps(steps, write, (chance, bit) => {
      counts[2 * chance + bit]++;
    });
    prices = pricesOf(counts);
  }
  const { sink, finish } = rangeCoder();
  writeSteps(steps, write, sink);
  return finish();
}

/** How many numbers follow an opcode, as in wasm/unpack/locals.ts. */
function operands(opcode) {
  if ((opcode >= 0x28 && opcode <= 0x3e) || opcode === 0x11) return 2;
  if ((opcode >= 0x02 && opcode <= 0x04) || (opcode >= 0x3f && opcode <= 0x42)) return 1;
  return [0x0c, 0x0d, 0x10, 0x23, 0x24].includes(opcode) ? 1 : 0;
}

function prefixedOperands(prefix, opcode) {
  if (prefix === 0xfc) return opcode === 10 ? 2 : opcode === 11 ? 1 : 0;
  if (prefix === 0xfe) return opcode === 3 ? 1 : 2;
  if (opcode <= 11 || opcode === 92 || opcode === 93) return 2;
  if (opcode >= 84 && opcode <= 91) return 3;
  return opcode >= 21 && opcode <= 34 ? 1 : 0;
}

/** A copy of the module with the ranks of local variables instead of their numbers; see wasm/unpack/locals.ts. */
function rankLocals(module) {
  const bytes = Uint8Array.from(module);
  let at = 8;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const skipNumbers = (count) => {
    for (; count > 0; count--) number();
  };
  const skip = (opcode) => {
    if (opcode === 0x43) at += 4;
    else if (opcode === 0x44) at += 8;
    else if (opcode === 0x0e) skipNumbers(1 + number());
    else if (opcode < 0xfc) skipNumbers(operands(opcode));
    else {
      const second = number();
      if (opcode === 0xfd && (second === 12 || second === 13)) at += 16;
      else skipNumbers(prefixedOperands(opcode, second));
    }
  };
  while (bytes[at] !== 10) {
    at++;
    const size = number();
    at += size;
  }
  at++;
  number();
  for (let functions = number(); functions > 0; functions--) {
    const order = Array.from({ length: 128 }, (_, local) => local);
    const size = number();
    const end = at + size;
    skipNumbers(2 * number());
    while (at < end) {
      const opcode = bytes[at++];
      if (opcode < 0x20 || opcode > 0x22) {
        skip(opcode);
        continue;
      }
      const local = bytes[at];
      if (local < 128) {
        bytes[at] = order.indexOf(local);
        order.unshift(...order.splice(bytes[at], 1));
      }
      number();
    }
  }
  return bytes;
}

/** Several modules in one text, each made of copies from those before it where it can be. */
export function pack(modules) {
  return packBytes(Buffer.concat(modules.map(rankLocals)));
}
