// Numbers moved about: rows by number, axes in another order.

/** y = x where they do not overlap; items are elements. */
export function copyApart(_scratch: usize, x: usize, y: usize, begin: i32, end: i32): void {
  memory.copy(y + <usize>begin * 4, x + <usize>begin * 4, <usize>(end - begin) * 4);
}

/** y[r] = x[index[r]], rows of `cols`; items are r. */
export function gatherRows(_scratch: usize, x: usize, cols: i32, index: usize, y: usize, begin: i32, end: i32): void {
  const bytes = <usize>cols * 4;
  for (let r = begin; r < end; r++) {
    const from = x + <usize>(<i32>load<f32>(index + <usize>r * 4)) * bytes;
    const to = y + <usize>r * bytes;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
    for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
  }
}

/** x[index[r]] += y[r], in the order of r: one thread, since rows may repeat. */
export function scatterAddRows(y: usize, cols: i32, index: usize, rows: i32, x: usize): void {
  const bytes = <usize>cols * 4;
  for (let r = 0; r < rows; r++) {
    const to = x + <usize>(<i32>load<f32>(index + <usize>r * 4)) * bytes;
    const from = y + <usize>r * bytes;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
    for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
  }
}

/** Extents and steps of five axes, outermost first, in elements; written by TypeScript. */
@unmanaged
class Axes {
  e1: i32;
  e2: i32;
  e3: i32;
  e4: i32;
  s0: i32;
  s1: i32;
  s2: i32;
  s3: i32;
  s4: i32;
}

/** Rows begin … end of y (those of its two last axes), each a matrix e3 × e4: y (+)= x at Σ i·steps. */
export function permuteRows(
  _scratch: usize,
  axes: usize,
  x: usize,
  y: usize,
  add: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Axes>(axes);
  const rows = s.e3;
  const cols = s.e4;
  const down = <usize>s.s3 * 4;
  const along = <usize>s.s4 * 4;
  const bytes = <usize>cols * 4;
  for (let r = begin; r < end; r++) {
    const i2 = r % s.e2;
    const q = r / s.e2;
    const from = x + <usize>((q / s.e1) * s.s0 + (q % s.e1) * s.s1 + i2 * s.s2) * 4;
    const to = y + <usize>r * <usize>rows * bytes;
    let i = 0;
    if (down == 4 && along != 4 && !add) {
      for (; i + 4 <= rows; i += 4) transposeFour(from + <usize>i * 4, along, to + <usize>i * bytes, bytes, cols);
    }
    for (; i < rows; i++) {
      let p = from + <usize>i * down;
      const out = to + <usize>i * bytes;
      let j: usize = 0;
      if (along == 4) {
        for (; j + 16 <= bytes; j += 16) {
          const v = v128.load(p + j);
          v128.store(out + j, add ? f32x4.add(v128.load(out + j), v) : v);
        }
        p += j;
      }
      for (; j < bytes; j += 4) {
        const v = load<f32>(p);
        store<f32>(out + j, add ? load<f32>(out + j) + v : v);
        p += along;
      }
    }
  }
}

/** Four rows of the output from four columns of the input, which lie side by side. */
function transposeFour(from: usize, along: usize, to: usize, bytes: usize, cols: i32): void {
  let j = 0;
  for (; j + 4 <= cols; j += 4) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + along);
    const r2 = v128.load(from + 2 * along);
    const r3 = v128.load(from + 3 * along);
    const lo01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const hi01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const lo23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const hi23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(lo01, lo23, 0, 1, 4, 5));
    v128.store(to + bytes, v128.shuffle<f32>(lo01, lo23, 2, 3, 6, 7));
    v128.store(to + 2 * bytes, v128.shuffle<f32>(hi01, hi23, 0, 1, 4, 5));
    v128.store(to + 3 * bytes, v128.shuffle<f32>(hi01, hi23, 2, 3, 6, 7));
    from += 4 * along;
    to += 16;
  }
  for (; j < cols; j++) {
    for (let i: usize = 0; i < 4; i++) store<f32>(to + i * bytes, load<f32>(from + 4 * i));
    from += along;
    to += 4;
  }
}
