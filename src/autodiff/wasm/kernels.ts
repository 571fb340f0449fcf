import type { Build } from "../../kernels/binary.ts";
import type { Kernels } from "../kernels.ts";
import { referenceOver } from "../reference/kernels.ts";
import { arranging } from "./arrange.ts";
import { normalisation, windowed } from "./channels.ts";
import { convolutions } from "./convolve.ts";
import { elementwise } from "./elementwise.ts";
import { HEAP_START, Machine } from "./machine.ts";
import { neighbouring } from "./neighbours.ts";
import { products } from "./products.ts";
import { reductions } from "./reduce.ts";

export interface WasmKernelsOptions {
  /** Threads that work on one kernel together; default 1. Results are the same for any number. */
  threads?: number;
  /** Which module to run; default "auto", relaxed where the runtime has it. */
  build?: "auto" | Build;
}

/**
 * Kernels in float32 on WebAssembly. The heap is a view over the module's memory, replaced whenever the memory
 * grows: read `heap` anew after any kernel. Throws WASM_UNAVAILABLE, UNSUPPORTED, OUT_OF_MEMORY.
 */
export function createWasmKernels({ threads = 1, build = "auto" }: WasmKernelsOptions = {}): Kernels {
  const machine = new Machine(threads, build);
  const memory = {
    get heap(): Float32Array {
      return machine.heap;
    },
  };
  const reference = referenceOver(memory);
  const kernels = {
    precision: "f32",
    firstAddress: HEAP_START / 4,
    reserve: (elements: number): void => machine.reserve(elements),
    dispose: (): void => machine.dispose(),
    ...reference,
    ...elementwise(machine, reference),
    ...reductions(machine, reference),
    ...arranging(machine, reference),
    ...products(machine),
    ...convolutions(machine),
    ...normalisation(machine),
    ...windowed(machine),
    ...neighbouring(machine),
  };
  return Object.defineProperty(kernels, "heap", {
    get: () => machine.heap,
    enumerable: true,
  }) as unknown as Kernels;
}
