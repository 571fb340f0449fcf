import type { NlmProfile } from "../../src/apply/denoise/nlm.ts";
import type { Plane } from "../../src/apply/denoise/plane.ts";
import { mirror } from "../../src/apply/denoise/plane.ts";
import type { PassProfile, Profile } from "../../src/apply/denoise/profile.ts";
import { kaiser, type Square } from "../../src/apply/denoise/transforms.ts";

// BM3D and non-local means as their papers define them, in float64 and without any haste.

type Block = Float64Array;

/** The places of reference blocks along a line of `length` pixels. */
const places = (length: number, { side, step }: PassProfile): number[] =>
  Array.from({ length: Math.ceil((length - side) / step) + 1 }, (_, i) => Math.min(i * step, length - side));

function blockAt({ width, data }: Plane, [y, x]: readonly [number, number], side: number): Block {
  return Float64Array.from(
    { length: side * side },
    (_, i) => data[(y + Math.floor(i / side)) * width + x + (i % side)]!,
  );
}

const squaredDistance = (a: Block, b: Block): number => a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0);

/** The reference block, then the most alike, a power of two of them. */
export function matchesOf(image: Plane, y: number, x: number, p: PassProfile): [number, number][] {
  const reference = blockAt(image, [y, x], p.side);
  const found: { at: [number, number]; distance: number }[] = [];
  for (let cy = 0; cy <= image.height - p.side; cy++) {
    for (let cx = 0; cx <= image.width - p.side; cx++) {
      if (Math.abs(cy - y) > p.radius || Math.abs(cx - x) > p.radius) continue;
      const itself = cy === y && cx === x;
      const distance = itself ? -1 : squaredDistance(reference, blockAt(image, [cy, cx], p.side));
      if (distance <= p.limit * p.side ** 2) found.push({ at: [cy, cx], distance });
    }
  }
  found.sort((a, b) => a.distance - b.distance);
  const count = 2 ** Math.floor(Math.log2(Math.min(found.length, p.most)));
  return found.slice(0, count).map(({ at }) => at);
}

/** T · X · Tᵀ. */
function transformed(t: Square, x: Block): Block {
  const n = t.n;
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        sum += t.data[Math.floor(at / n) * n + i]! * x[i * n + j]! * t.data[(at % n) * n + j]!;
      }
    }
    return sum;
  });
}

/** Haar's orthonormal transform across blocks: means of neighbours first, and again, then differences. */
function haar(stack: readonly Block[]): Block[] {
  if (stack.length === 1) return [...stack];
  const pairs = stack.filter((_, i) => i % 2 === 0).map((a, i) => [a, stack[2 * i + 1]!] as const);
  const sums = pairs.map(([a, b]) => a.map((v, i) => (v + b[i]!) * Math.SQRT1_2));
  return [...haar(sums), ...pairs.map(([a, b]) => a.map((v, i) => (v - b[i]!) * Math.SQRT1_2))];
}

function unhaar(stack: readonly Block[]): Block[] {
  if (stack.length === 1) return [...stack];
  const half = stack.length / 2;
  const sums = unhaar(stack.slice(0, half));
  return sums.flatMap((a, k) => {
    const b = stack[half + k]!;
    return [a.map((v, i) => (v + b[i]!) * Math.SQRT1_2), a.map((v, i) => (v - b[i]!) * Math.SQRT1_2)];
  });
}

/** One pass; with a basic estimate it is the second. */
export function bm3dPass(noisy: Plane, sigma: number, profile: Profile, basic?: Plane): Plane {
  const p = basic === undefined ? profile.hard : profile.wiener;
  const { width, height } = noisy;
  const window = kaiser(p.side, profile.beta).data;
  const sums = new Float64Array(width * height);
  const weights = new Float64Array(width * height);
  const stackOf = (image: Plane, at: readonly [number, number][]): Block[] =>
    haar(at.map((place) => transformed(p.transform.forward, blockAt(image, place, p.side))));
  for (const y of places(height, p)) {
    for (let x = 0; ; ) {
      const at = matchesOf(basic ?? noisy, y, x, p);
      let stack = stackOf(noisy, at);
      let size = 0;
      if (basic === undefined) {
        stack = stack.map((b) => b.map((v) => (Math.abs(v) > profile.threshold * sigma ? v : 0)));
        size = Math.max(1, stack.flatMap((b) => [...b]).filter((v) => v !== 0).length);
      } else {
        const factors = stackOf(basic, at).map((b) => b.map((v) => v ** 2 / (v ** 2 + sigma ** 2)));
        stack = stack.map((b, k) => b.map((v, i) => v * factors[k]![i]!));
        size = Math.max(
          1e-6,
          factors.reduce((sum, b) => sum + b.reduce((all, f) => all + f ** 2, 0), 0),
        );
      }
      const back = unhaar(stack).map((b) => transformed(p.transform.inverse, b));
      for (const [k, [by, bx]] of at.entries()) {
        for (let i = 0; i < p.side ** 2; i++) {
          const to = (by + Math.floor(i / p.side)) * width + bx + (i % p.side);
          sums[to]! += (window[i]! / size) * back[k]![i]!;
          weights[to]! += window[i]! / size;
        }
      }
      if (x === width - p.side) break;
      x = Math.min(x + (size < p.few ? p.side - 1 : p.step), width - p.side);
    }
  }
  return { width, height, data: Float32Array.from(sums, (v, i) => v / weights[i]!) };
}

/** Non-local means, of patches or of the pixels in their centres. */
export function meansOf(image: Plane, sigma: number, profile: NlmProfile, patches: boolean): Plane {
  const { width, height, data } = image;
  const { reach, radius } = profile;
  const h = (profile.strength * sigma) ** 2;
  const pixel = (y: number, x: number): number => data[mirror(y, height) * width + mirror(x, width)]!;
  const span = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const inside = (y: number, x: number): boolean => y >= 0 && y < height && x >= 0 && x < width;
  const sums = new Float64Array(width * height);
  const counts = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const others: { dy: number; dx: number; weight: number }[] = [];
      for (let dy = -radius; dy <= radius; dy++) {
        for (let dx = -radius; dx <= radius; dx++) {
          if ((dy === 0 && dx === 0) || !inside(y + dy, x + dx)) continue;
          let d = 0;
          for (const i of span) {
            for (const j of span) d += (pixel(y + i, x + j) - pixel(y + dy + i, x + dx + j)) ** 2;
          }
          const mean = d / span.length ** 2;
          const over = Math.max(mean - 2 * sigma ** 2, 0) / h;
          others.push({ dy, dx, weight: over < 64 ? Math.exp(-over) : 0 });
        }
      }
      const own = Math.max(0, ...others.map(({ weight }) => weight)) || 1;
      others.push({ dy: 0, dx: 0, weight: own });
      const all = others.reduce((sum, { weight }) => sum + weight, 0);
      for (const i of patches ? span : [0]) {
        for (const j of patches ? span : [0]) {
          if (!inside(y + i, x + j)) continue;
          const to = (y + i) * width + x + j;
          for (const { dy, dx, weight } of others) {
            sums[to]! += (weight / all) * pixel(y + dy + i, x + dx + j);
          }
          counts[to]!++;
        }
      }
    }
  }
  return { width, height, data: Float32Array.from(sums, (v, i) => v / counts[i]!) };
}
