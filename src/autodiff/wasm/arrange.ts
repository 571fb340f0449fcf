import type { Kernels } from "../kernels.ts";
import { type Machine, ptr } from "./machine.ts";
import { itemsACall } from "./reduce.ts";

type Arranging = "gatherRows" | "scatterAddRows" | "permute" | "squaredDistances";

/** Extents and steps with axes joined where the steps go on, and axes of one entry left out. */
function joinAxes(extents: readonly number[], steps: readonly number[]): [number, number][] {
  const axes: [number, number][] = [];
  for (const [i, extent] of extents.entries()) {
    if (extent === 1) continue;
    const last = axes.at(-1);
    if (last !== undefined && last[1] === steps[i]! * extent) {
      axes[axes.length - 1] = [last[0] * extent, steps[i]!];
    } else axes.push([extent, steps[i]!]);
  }
  return axes;
}

export function arranging(machine: Machine, fallback: Pick<Kernels, "permute">): Pick<Kernels, Arranging> {
  return {
    gatherRows: (x, cols, index, rows, y) =>
      machine.run("gatherRows", [ptr(x), cols, ptr(index), ptr(y)], rows, itemsACall(cols)),
    scatterAddRows: (y, cols, index, rows, x) =>
      void machine.call("scatterAddRows", [ptr(y), cols, ptr(index), rows, ptr(x)]),
    permute(x, steps, y, extents, add) {
      if (extents.includes(0)) return;
      const axes = joinAxes(extents, steps);
      if (axes.length > 5) {
        fallback.permute(x, steps, y, extents, add);
        return;
      }
      while (axes.length < 5) axes.unshift([1, 0]);
      const [e0, e1, e2, e3, e4] = axes.map(([extent]) => extent) as [number, number, number, number, number];
      const struct = machine.struct([e1, e2, e3, e4, ...axes.map(([, step]) => step)]);
      machine.run("permuteRows", [struct, ptr(x), ptr(y), add ? 1 : 0], e0 * e1 * e2, itemsACall(e3 * e4));
    },
    squaredDistances(a, rowsA, b, rowsB, d, y) {
      if (rowsA === 0 || rowsB === 0) return;
      if (d === 0) {
        machine.heap.fill(0, y, y + rowsA * rowsB);
        return;
      }
      const panels = Math.ceil(rowsB / 8);
      const packed = machine.room(panels * d * 32, 256 + 16 * d);
      machine.run("packColumns", [ptr(b), 4, 4 * d, d, rowsB, packed], panels, itemsACall(8 * d));
      const chunk = 4 * Math.ceil((1 << 19) / (rowsB * d));
      machine.run("distanceRows", [ptr(a), d, packed, rowsB, ptr(y)], rowsA, Math.min(256, chunk));
    },
  };
}
