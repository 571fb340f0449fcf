// Neighbours taken softly, one after another: see relax in src/autodiff/kernels.ts. Items are rows. Rows are worked
// on in scratch, padded to whole vectors with candidates that are masked.
import { fma, hsum } from "../simd";
import { exp4, log4, logPlus4 } from "./functions";

/** Logits stay above this unless masked. */
const FLOOR: f32 = -1e30;
/** Gradients stay within ± this. */
const STEEPEST: f32 = 1e18;
/** A sum of exponentials below this is taken again from the largest of them. */
const FAINT: f32 = 1e-30;

// @ts-ignore: decorator
@inline
function extreme(v: v128, least: bool): f32 {
  const swapped = v128.shuffle<f32>(v, v, 2, 3, 0, 1);
  v = least ? f32x4.min(v, swapped) : f32x4.max(v, swapped);
  const other = v128.shuffle<f32>(v, v, 1, 0, 3, 2);
  return f32x4.extract_lane(least ? f32x4.min(v, other) : f32x4.max(v, other), 0);
}

// @ts-ignore: decorator
@inline
function clip4(v: v128): v128 {
  return f32x4.max(f32x4.min(v, f32x4.splat(STEEPEST)), f32x4.splat(-STEEPEST));
}

// @ts-ignore: decorator
@inline
function clip(x: f32): f32 {
  return max(min(x, STEEPEST), -STEEPEST);
}

/** A temperature that can be divided by, and masked logits too. */
// @ts-ignore: decorator
@inline
function temperature(t: usize): f32 {
  return max(min(load<f32>(t), <f32>3e38), <f32>1.2e-38);
}

/** The first of n vectors' numbers that equals `value`; there is one. */
function placeOf(a: usize, value: f32): usize {
  const wanted = f32x4.splat(value);
  let at: usize = 0;
  while (!v128.any_true(f32x4.eq(v128.load(a + at), wanted))) at += 16;
  return at + <usize>(ctz(i32x4.bitmask(f32x4.eq(v128.load(a + at), wanted))) << 2);
}

/** The logits before the first step; returns the least distance, 0 where all are masked. */
function begin(d: usize, cols: i32, t: f32, alpha: i32, a: usize, bytes: usize): f32 {
  memory.copy(a, d, <usize>cols * 4);
  for (let i = <usize>cols * 4; i < bytes; i += 4) store<f32>(a + i, Infinity);
  let least = f32x4.splat(Infinity);
  for (let i: usize = 0; i < bytes; i += 16) least = f32x4.min(least, v128.load(a + i));
  let nearest = extreme(least, true);
  if (nearest == Infinity) nearest = 0;
  const from = f32x4.splat(nearest);
  const scale = f32x4.splat(alpha ? 1 : t);
  const masked = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < bytes; i += 16) {
    const v = v128.load(a + i);
    const logit = f32x4.max(f32x4.div(f32x4.sub(from, v), scale), f32x4.splat(FLOOR));
    v128.store(a + i, v128.bitselect(masked, logit, f32x4.eq(v, f32x4.splat(Infinity))));
  }
  return nearest;
}

/**
 * One step: z and w from the logits a, which get their penalties. Returns where the candidate with more than half of
 * the weight lies, or −1; `note` gets the logarithm of the sum over all but the largest.
 */
function step(a: usize, z: usize, w: usize, bytes: usize, scale: f32, note: usize): i32 {
  let peak = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < bytes; i += 16) peak = f32x4.max(peak, v128.load(a + i));
  const high = extreme(peak, false);
  store<f32>(note, -Infinity);
  if (high == -Infinity) {
    memory.copy(z, a, bytes);
    memory.fill(w, 0, bytes);
    return -1;
  }
  const top = placeOf(a, high);
  const from = f32x4.splat(high);
  const factor = f32x4.splat(scale);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(z + i, f32x4.div(f32x4.sub(v128.load(a + i), from), factor));
  }
  store<f32>(z + top, -Infinity);
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const e = exp4(v128.load(z + i));
    v128.store(w + i, e);
    sum = f32x4.add(sum, e);
  }
  const rest = hsum(sum);
  const logRest = rest > FAINT ? f32x4.extract_lane(log4(f32x4.splat(rest)), 0) : faint(z, bytes);
  store<f32>(note, logRest);
  store<f32>(z + top, 0);
  store<f32>(w + top, 1);
  const total = f32x4.splat(1 + rest);
  const one = f32x4.splat(1);
  for (let i: usize = 0; i < bytes; i += 16) {
    const weight = f32x4.div(v128.load(w + i), total);
    v128.store(w + i, weight);
    v128.store(a + i, f32x4.add(v128.load(a + i), log4(f32x4.sub(one, weight))));
  }
  if (rest >= 1) return -1;
  const lost = f32x4.extract_lane(logPlus4(f32x4.splat(rest)), 0);
  store<f32>(a + top, max(high + (logRest - lost), FLOOR));
  return <i32>top;
}

/** log Σ e^z where the sum itself is out of range. */
function faint(z: usize, bytes: usize): f32 {
  let peak = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < bytes; i += 16) peak = f32x4.max(peak, v128.load(z + i));
  const second = extreme(peak, false);
  if (second == -Infinity) return second;
  let sum = f32x4.splat(0);
  const from = f32x4.splat(second);
  for (let i: usize = 0; i < bytes; i += 16) sum = f32x4.add(sum, exp4(f32x4.sub(v128.load(z + i), from)));
  return second + f32x4.extract_lane(log4(f32x4.splat(hsum(sum))), 0);
}

// @ts-ignore: decorator
@inline
function padded(cols: i32): usize {
  return <usize>((cols + 3) & ~3) * 4;
}

/** Weights w[r, step, i]; scratch: three padded rows and a number. */
export function relaxRows(
  scratch: usize,
  d: usize,
  t: usize,
  cols: i32,
  k: i32,
  alpha: i32,
  w: usize,
  from: i32,
  end: i32,
): void {
  const bytes = padded(cols);
  const row = <usize>cols * 4;
  const a = scratch + 16;
  const z = a + bytes;
  const own = z + bytes;
  for (let r = from; r < end; r++) {
    const heat = temperature(t + <usize>r * 4);
    begin(d + <usize>r * row, cols, heat, alpha, a, bytes);
    for (let j = 0; j < k; j++) {
      step(a, z, own, bytes, alpha ? heat : 1, scratch);
      memory.copy(w + <usize>(r * k + j) * row, own, row);
    }
  }
}

/** One step back: g, with respect to the logits after the step, becomes that before. Returns Σ dz z. */
function stepBack(z: usize, w: usize, u: usize, g: usize, bytes: usize, scale: f32, most: i32, note: f32): f32 {
  const one = f32x4.splat(1);
  let weight: f32 = 0;
  let gain: f32 = 0;
  let above: f32 = 0;
  if (most >= 0) {
    weight = load<f32>(w + <usize>most);
    gain = load<f32>(g + <usize>most);
    above = load<f32>(u + <usize>most);
    store<f32>(w + <usize>most, 0);
    // Its z is 0 and e^(−note) may overflow: left out, for turn would get 0 · ∞. What it gets itself is set below.
    store<f32>(z + <usize>most, -Infinity);
  }
  let dots = f32x4.splat(0);
  let passes = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const v = v128.load(w + i);
    dots = fma(v, v128.load(u + i), dots);
    passes = fma(v128.load(g + i), f32x4.div(v, f32x4.sub(one, v)), passes);
  }
  const dot = hsum(dots) + weight * above;
  const passed = hsum(passes);
  const common = f32x4.splat(passed - dot);
  const push = f32x4.splat(gain * weight);
  const pushes = gain * weight != 0 && note > -Infinity;
  const shift = f32x4.splat(note);
  const factor = f32x4.splat(scale);
  let turn = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const v = v128.load(w + i);
    const back = v128.load(g + i);
    const level = v128.load(z + i);
    const odds = f32x4.div(v, f32x4.sub(one, v));
    let dz = f32x4.sub(f32x4.add(v128.load(u + i), common), f32x4.mul(back, f32x4.add(one, odds)));
    dz = f32x4.mul(v, dz);
    if (pushes) dz = fma(push, exp4(f32x4.sub(level, shift)), dz);
    // What is masked has no weight: no 0 · ∞.
    const finite = f32x4.gt(level, f32x4.splat(-Infinity));
    turn = f32x4.add(turn, clip4(f32x4.mul(dz, v128.and(level, finite))));
    v128.store(g + i, clip4(f32x4.add(back, f32x4.div(dz, factor))));
  }
  if (most >= 0) {
    // Its z was 0, so that `turn` lacks nothing.
    const dz = weight * (above - dot + passed - gain);
    store<f32>(g + <usize>most, clip(gain + dz / scale));
  }
  return hsum(turn);
}

/** dd, dt +=; scratch: 3 + 2 k padded rows and 4 k numbers. */
export function relaxBack(
  scratch: usize,
  d: usize,
  t: usize,
  dw: usize,
  cols: i32,
  k: i32,
  alpha: i32,
  dd: usize,
  dt: usize,
  from: i32,
  end: i32,
): void {
  const bytes = padded(cols);
  const row = <usize>cols * 4;
  const places = scratch;
  const notes = places + <usize>((k + 3) & ~3) * 4;
  const a = notes + <usize>((k + 3) & ~3) * 4;
  const g = a + bytes;
  const u = g + bytes;
  const z = u + bytes;
  const w = z + <usize>k * bytes;
  for (let r = from; r < end; r++) {
    const heat = temperature(t + <usize>r * 4);
    const scale: f32 = alpha ? heat : 1;
    const distances = d + <usize>r * row;
    const nearest = begin(distances, cols, heat, alpha, a, bytes);
    for (let j = 0; j < k; j++) {
      const at = <usize>j * bytes;
      store<i32>(places + <usize>j * 4, step(a, z + at, w + at, bytes, scale, notes + <usize>j * 4));
    }
    memory.fill(g, 0, bytes);
    memory.fill(u, 0, bytes);
    let turn: f32 = 0;
    for (let j = k - 1; j >= 0; j--) {
      const at = <usize>j * bytes;
      memory.copy(u, dw + <usize>(r * k + j) * row, row);
      const most = load<i32>(places + <usize>j * 4);
      const each = stepBack(z + at, w + at, u, g, bytes, scale, most, load<f32>(notes + <usize>j * 4));
      if (alpha) turn -= clip(each / heat);
    }
    const out = dd + <usize>r * row;
    for (let i: usize = 0; i < row; i += 4) {
      let back = load<f32>(g + i);
      if (!alpha) {
        back = clip(back / heat);
        const distance = load<f32>(distances + i);
        if (distance < Infinity && back != 0) turn += clip(back * ((distance - nearest) / heat));
      }
      store<f32>(out + i, load<f32>(out + i) - back);
    }
    const place = dt + <usize>r * 4;
    store<f32>(place, load<f32>(place) + clip(turn));
  }
}
