import { VicinalError } from "../../core/index.ts";
import type { Kernels, Precision } from "../kernels.ts";
import { normalisation, windowed } from "./channels.ts";
import { elementwise, type Memory } from "./elementwise.ts";
import { neighbouring } from "./neighbours.ts";
import { optimisers } from "./optimisers.ts";
import { products } from "./products.ts";
import { relaxations } from "./relaxation.ts";
import { reductions, rowwise } from "./rows.ts";

/** All kernels but the memory itself, in plain TypeScript over that memory: the definition of each. */
export function referenceOver(
  memory: Memory,
): Omit<Kernels, "precision" | "firstAddress" | "heap" | "reserve" | "dispose"> {
  return {
    ...elementwise(memory),
    ...reductions(memory),
    ...rowwise(memory),
    ...products(memory),
    ...normalisation(memory),
    ...windowed(memory),
    ...relaxations(memory),
    ...neighbouring(memory),
    ...optimisers(memory),
  };
}

/** Kernels in plain TypeScript with a heap of their own; slow, and float64 unless said otherwise. */
export function createReferenceKernels(precision: Precision = "f64"): Kernels {
  const make = (n: number): Float32Array | Float64Array =>
    precision === "f32" ? new Float32Array(n) : new Float64Array(n);
  let heap = make(1024);
  const memory: Memory = {
    get heap() {
      return heap;
    },
  };
  const kernels = {
    precision,
    firstAddress: 16,
    reserve(elements: number): void {
      if (elements <= heap.length) return;
      let next: Float32Array | Float64Array;
      try {
        next = make(Math.max(elements, heap.length * 2));
      } catch (cause) {
        const bytes = { needBytes: elements * heap.BYTES_PER_ELEMENT, limitBytes: heap.byteLength };
        throw new VicinalError("OUT_OF_MEMORY", { ...bytes, fix: "use smaller batches" }, { cause });
      }
      next.set(heap);
      heap = next;
    },
    dispose(): void {
      heap = make(0);
    },
    ...referenceOver(memory),
  };
  return Object.defineProperty(kernels, "heap", { get: () => heap, enumerable: true }) as unknown as Kernels;
}
