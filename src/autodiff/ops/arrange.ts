import { VicinalError } from "../../core/index.ts";
import {
  axisOf,
  checkShape,
  type Shape,
  sameShape,
  shapeError,
  shapeText,
  sizeOf,
  stepsOf,
} from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** The same values in another shape of equal size; one extent may be −1 and is worked out. Copies nothing. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter((extent) => extent !== -1));
  const open = shape.filter((extent) => extent === -1).length;
  const full = shape.map((extent) => (extent === -1 && known > 0 ? x.size / known : extent));
  if (open > 1 || sizeOf(full) !== x.size) {
    throw shapeError("reshape", `${shapeText(x.shape)} to ${shapeText(shape)}`, "shapes of equal size");
  }
  return x.tape.view(x, checkShape("reshape", full));
}

/** Axes in another order: axis i of the result is axis `order[i]` of x. */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  const axes = order.map((axis) => axisOf("permute", axis, x.shape.length));
  if (new Set(axes).size !== x.shape.length || axes.length !== x.shape.length) {
    throw shapeError("permute", String(order), `each of ${x.shape.length} axes once`);
  }
  if (axes.every((axis, i) => axis === i)) return x;
  const shape = axes.map((axis) => x.shape[axis]!);
  const steps = stepsOf(x.shape);
  const forward = axes.map((axis) => steps[axis]!);
  const outSteps = stepsOf(shape);
  const back = x.shape.map((_, axis) => outSteps[axes.indexOf(axis)]!);
  const { tape, address } = x;
  const { kernels } = tape;
  return tape.apply(
    [x],
    shape,
    (y) => kernels.permute(address, forward, y, shape, false),
    (dy) => kernels.permute(dy, back, tape.gradient(x), x.shape, true),
  );
}

/** The last two axes exchanged. */
export function transpose(x: Tensor): Tensor {
  const rank = x.shape.length;
  if (rank < 2) throw shapeError("transpose", shapeText(x.shape), "at least two axes");
  return permute(x, [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

/** Entries begin … end − 1 along an axis. */
export function slice(x: Tensor, axis: number, begin: number, end: number): Tensor {
  const at = axisOf("slice", axis, x.shape.length);
  const extent = x.shape[at]!;
  if (!(Number.isInteger(begin) && Number.isInteger(end) && 0 <= begin && begin <= end && end <= extent)) {
    throw shapeError("slice", `${begin} to ${end}`, `0 <= begin <= end <= ${extent}`);
  }
  const shape = x.shape.map((size, i) => (i === at ? end - begin : size));
  const outer = sizeOf(x.shape.slice(0, at));
  const inner = sizeOf(x.shape.slice(at + 1));
  const extents = [outer, end - begin, inner];
  const steps = [extent * inner, inner, 1];
  const { tape } = x;
  const { kernels } = tape;
  const start = x.address + begin * inner;
  const length = (end - begin) * inner;
  return tape.apply(
    [x],
    shape,
    (y) => kernels.permute(start, steps, y, extents, false),
    (dy) => {
      const to = tape.gradient(x) + begin * inner;
      kernels.copyRows(dy, length, to, extent * inner, outer, length, true);
    },
  );
}

/** Tensors one after another along an axis; their other extents are equal. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (first === undefined) throw shapeError("concat", "no tensor", "at least one");
  const at = axisOf("concat", axis, first.shape.length);
  const rest = (shape: Shape): Shape => shape.filter((_, i) => i !== at);
  for (const { shape } of tensors) {
    if (sameShape(rest(shape), rest(first.shape)) && shape.length === first.shape.length) continue;
    const got = `${shapeText(first.shape)} and ${shapeText(shape)}`;
    throw shapeError("concat", got, `equal extents but for axis ${at}`);
  }
  const { tape } = first;
  const { kernels } = tape;
  const outer = sizeOf(first.shape.slice(0, at));
  const inner = sizeOf(first.shape.slice(at + 1));
  const total = tensors.reduce((extent, { shape }) => extent + shape[at]!, 0);
  const pieces: { tensor: Tensor; from: number; offset: number; length: number }[] = [];
  let offset = 0;
  for (const tensor of tensors) {
    const length = tensor.shape[at]! * inner;
    pieces.push({ tensor, from: tensor.address, offset, length });
    offset += length;
  }
  const shape = first.shape.map((extent, i) => (i === at ? total : extent));
  return tape.apply(
    tensors,
    shape,
    (y) => {
      for (const { from, offset, length } of pieces) {
        kernels.copyRows(from, length, y + offset, total * inner, outer, length, false);
      }
    },
    (dy) => {
      for (const { tensor, offset, length } of pieces) {
        if (!tensor.slot.tracked) continue;
        const to = tape.gradient(tensor);
        kernels.copyRows(dy + offset, total * inner, to, length, outer, length, true);
      }
    },
  );
}

/** Whole numbers as elements of the heap: exact, since tensors with more rows than float32 can count are refused. */
function putIndices(x: Tensor, indices: ArrayLike<number>): number {
  const rows = x.shape[0] ?? 0;
  if (rows > 1 << 24) {
    throw new VicinalError("UNSUPPORTED", {
      what: `gather from ${rows} rows`,
      rule: "at most 16,777,216 rows",
    });
  }
  const at = x.tape.scratch(indices.length);
  const { heap } = x.tape.kernels;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= rows) {
      throw new VicinalError("BAD_INPUT", {
        what: `index ${i}`,
        got: String(index),
        rule: `0 … ${rows - 1}`,
      });
    }
    heap[at + i] = index;
  }
  return at;
}

/** Rows (entries of the first axis) by number, repeats allowed: shape [indices, …rest]. Throws BAD_INPUT out of range. */
export function gather(x: Tensor, indices: ArrayLike<number>): Tensor {
  if (x.shape.length === 0) throw shapeError("gather", "a number", "at least one axis");
  const cols = sizeOf(x.shape.slice(1));
  const index = putIndices(x, indices);
  const { tape, address } = x;
  const { kernels } = tape;
  return tape.apply(
    [x],
    [indices.length, ...x.shape.slice(1)],
    (y) => kernels.gatherRows(address, cols, index, indices.length, y),
    (dy) => kernels.scatterAddRows(dy, cols, index, indices.length, tape.gradient(x)),
  );
}

/** Rows added up at `indices` of a tensor of `rows` rows of zeros: the transpose of {@link gather}. */
export function scatterAdd(x: Tensor, indices: ArrayLike<number>, rows: number): Tensor {
  if (x.shape[0] !== indices.length) {
    throw shapeError("scatterAdd", `${indices.length} indices`, `one for each of ${x.shape[0] ?? 0} rows`);
  }
  const { tape, address } = x;
  const { kernels } = tape;
  const cols = sizeOf(x.shape.slice(1));
  const zeros = tape.full([rows, ...x.shape.slice(1)], 0);
  const index = putIndices(zeros, indices);
  return tape.apply(
    [x],
    zeros.shape,
    (y) => {
      kernels.fill(y, rows * cols, 0);
      kernels.scatterAddRows(address, cols, index, indices.length, y);
    },
    (dy) => {
      const rowsBack = tape.scratch(indices.length * cols);
      kernels.gatherRows(dy, cols, index, indices.length, rowsBack);
      kernels.axpy(1, rowsBack, tape.gradient(x), indices.length * cols);
    },
  );
}

/** Entry (i, columns[i]) of each row of a matrix: shape [rows]. */
export function pick(x: Tensor, columns: ArrayLike<number>): Tensor {
  const [rows, cols] = x.shape;
  if (x.shape.length !== 2 || columns.length !== rows) {
    throw shapeError("pick", `${columns.length} columns of ${shapeText(x.shape)}`, "one column for each row");
  }
  const flat = Float64Array.from({ length: rows! }, (_, i) => {
    const column = columns[i]!;
    if (Number.isInteger(column) && column >= 0 && column < cols!) return i * cols! + column;
    throw new VicinalError("BAD_INPUT", {
      what: `column ${i}`,
      got: String(column),
      rule: `0 … ${cols! - 1}`,
    });
  });
  return gather(reshape(x, [-1]), flat);
}
