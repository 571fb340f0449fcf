import { checkNames, oneOf, VicinalError } from "../core/index.ts";
import { Heap } from "./heap.ts";
import type { Address, Kernels, Precision } from "./kernels.ts";
import { createReferenceKernels } from "./reference/kernels.ts";
import { checkShape, type Shape, sameShape, shapeText, sizeOf } from "./shape.ts";
import { checkValues, Parameter, type Slot, Tensor } from "./tensor.ts";
import { createWasmKernels } from "./wasm/kernels.ts";

/** Takes the gradient of a step's output back to its inputs. */
type Backward = (dy: Address, y: Address) => void;

interface Node {
  readonly output: Slot;
  readonly backward: Backward;
}

export interface TapeOptions {
  /** "f32" works in WebAssembly; "f64" in plain TypeScript, slow, for checks. Default "f32". */
  precision?: Precision;
  /** Threads that work on an operation together in "f32", default 1; any number gives the same bits. */
  threads?: number;
  /** The kernels themselves, instead of those of `precision`. */
  kernels?: Kernels;
}

/**
 * Records operations on tensors while a step runs, and takes gradients back through them. Everything made
 * during a step is gone when it ends; parameters stay. One step at a time.
 *
 * ```ts
 * const tape = createTape();
 * const w = tape.parameter([3], [1, 2, 3]);
 * tape.step(() => tape.backward(sum(square(w))));
 * w.gradient(); // [2, 4, 6]
 * ```
 */
export class Tape {
  readonly kernels: Kernels;
  readonly #heap: Heap;
  #nodes: Node[] = [];
  #parameters: Parameter[] = [];
  #step = 0;
  #mode: "idle" | "recording" | "inference" = "idle";
  #closed = false;

  /** Made by {@link createTape}. @internal */
  constructor(kernels: Kernels) {
    this.kernels = kernels;
    this.#heap = new Heap(kernels);
  }

  get precision(): Precision {
    return this.kernels.precision;
  }

  /** Whether operations are being recorded: layers that behave otherwise in training ask this. */
  get training(): boolean {
    return this.#mode === "recording";
  }

  /** Bytes of the heap in use or held ready. */
  get bytes(): number {
    return this.#heap.size * (this.precision === "f32" ? 4 : 8);
  }

  /** A tensor that stays and is trained; values zero unless given. Throws BAD_INPUT, OUT_OF_MEMORY. */
  parameter(shape: Shape, values?: ArrayLike<number>): Parameter {
    return this.#keep(shape, values, true);
  }

  /** A tensor that stays and is not trained, such as running means. */
  buffer(shape: Shape, values?: ArrayLike<number>): Parameter {
    return this.#keep(shape, values, false);
  }

  /** Given numbers as a tensor of this step, copied. Throws BAD_INPUT when their number is not the shape's. */
  tensor(values: ArrayLike<number>, shape: Shape = [values?.length]): Tensor {
    checkValues(values);
    checkShape("tensor", shape);
    if (values.length !== sizeOf(shape)) {
      throw new VicinalError("BAD_INPUT", {
        what: "values",
        got: `${values.length} numbers`,
        rule: `${sizeOf(shape)} for shape ${shapeText(shape)}`,
      });
    }
    const out = this.#make(shape, false);
    this.kernels.heap.set(values, out.slot.address);
    return out;
  }

  /** One value repeated, as a tensor of this step. */
  full(shape: Shape, value: number): Tensor {
    const out = this.#make(checkShape("tensor", shape), false);
    this.kernels.fill(out.slot.address, out.size, value);
    return out;
  }

  /**
   * Runs work that records. Gradients of parameters start anew, unless `accumulate` adds to those of the step
   * before. Whatever the work throws is thrown on; the tape is ready for the next step then.
   */
  step<T>(work: () => T, { accumulate = false }: { accumulate?: boolean } = {}): T {
    if (!accumulate) for (const { slot } of this.#parameters) slot.graded = false;
    return this.#run("recording", work);
  }

  /** Runs work that needs no gradients: nothing is recorded, layers behave as in use. */
  inference<T>(work: () => T): T {
    return this.#run("inference", work);
  }

  /**
   * While nothing is recorded, lets go of all that the work made but its result, so that deep networks need
   * little memory. While recording, just runs the work.
   */
  scope(work: () => Tensor): Tensor {
    if (this.#mode !== "inference") return work();
    const mark = this.#heap.mark();
    const result = work();
    const from = result.address;
    this.#heap.release(mark);
    if (result.slot.step === 0) return result;
    const out = this.#make(result.shape, false);
    if (out.slot.address !== from) this.kernels.copy(from, out.slot.address, out.size);
    return out;
  }

  /**
   * Gradients of a number with respect to everything recorded that it depends on.
   * @param seed what the gradient of `loss` itself is, for instance a scale
   */
  backward(loss: Tensor, seed = 1): void {
    if (loss.size !== 1) {
      throw new VicinalError("BAD_INPUT", {
        what: "loss",
        got: `shape ${shapeText(loss.shape)}`,
        rule: "one number; take its sum or mean",
      });
    }
    if (this.#mode !== "recording") {
      throw new VicinalError("BAD_INPUT", { what: "backward", got: "called", rule: "called within step()" });
    }
    this.requireAlive(loss);
    if (!loss.slot.tracked) return;
    this.kernels.fill(this.gradient(loss), 1, seed);
    for (const { output, backward } of this.#nodes.reverse()) {
      if (output.graded) backward(output.gradient, output.address);
    }
    this.#nodes = [];
  }

  /**
   * Adds an operation: `forward` fills the output; `backward` adds to the gradients of the inputs. @internal
   */
  apply(inputs: readonly Tensor[], shape: Shape, forward: (y: Address) => void, backward: Backward): Tensor {
    for (const input of inputs) this.requireAlive(input);
    const tracked = this.#mode === "recording" && inputs.some(({ slot }) => slot.tracked);
    const out = this.#make(shape, tracked);
    forward(out.slot.address);
    if (tracked) this.#nodes.push({ output: out.slot, backward });
    return out;
  }

  /** The same values and gradient in another shape of equal size. @internal */
  view(x: Tensor, shape: Shape): Tensor {
    this.requireAlive(x);
    return sameShape(x.shape, shape) ? x : new Tensor(this, Object.freeze([...shape]), x.slot);
  }

  /** The gradient of x to add to, zero at first; only while going back. @internal */
  gradient({ slot }: Tensor): Address {
    const { address, add } = this.gradientTarget(slot);
    if (!add) this.kernels.fill(address, slot.size, 0);
    return address;
  }

  /** The gradient of a slot, and whether to add to it or to write all of it. @internal */
  gradientTarget(slot: Slot): { address: Address; add: boolean } {
    const add = slot.graded;
    if (slot.gradient === 0)
      slot.gradient = slot.step === 0 ? this.#heap.keep(slot.size) : this.#heap.take(slot.size);
    slot.graded = true;
    return { address: slot.gradient, add };
  }

  /** Room for a kernel's own notes until the step ends. @internal */
  scratch(elements: number): Address {
    return this.#heap.take(elements);
  }

  /** Throws BAD_INPUT for a tensor of another tape or of a step that is over. @internal */
  requireAlive({ tape, slot }: Tensor): void {
    if (this.#closed) throw new VicinalError("CLOSED", { what: "The tape" });
    if (tape === this && (slot.step === 0 || slot.step === this.#step)) return;
    throw new VicinalError("BAD_INPUT", {
      what: "tensor",
      got: tape === this ? "one of an earlier step" : "one of another tape",
      rule: "a parameter, or made in this step on this tape; take its values() to keep them",
    });
  }

  /** Gives memory and threads back; nothing can be done with the tape's tensors then. */
  dispose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.kernels.dispose();
  }

  #run<T>(mode: "recording" | "inference", work: () => T): T {
    if (this.#closed) throw new VicinalError("CLOSED", { what: "The tape" });
    if (this.#mode !== "idle") {
      throw new VicinalError("BAD_INPUT", {
        what: "step",
        got: "a step within a step",
        rule: "one at a time",
      });
    }
    this.#mode = mode;
    this.#step++;
    try {
      return work();
    } finally {
      this.#mode = "idle";
      this.#nodes = [];
      this.#heap.release();
      // Tensors of this step are not to be used from now on.
      this.#step++;
    }
  }

  #make(shape: Shape, tracked: boolean): Tensor {
    if (this.#mode === "idle") {
      throw new VicinalError("BAD_INPUT", {
        what: "operation",
        got: "outside a step",
        rule: "called within step() or inference()",
      });
    }
    const size = sizeOf(shape);
    const address = this.#heap.take(size);
    const slot: Slot = { address, size, tracked, step: this.#step, gradient: 0, graded: false };
    return new Tensor(this, shape, slot);
  }

  #keep(shape: Shape, values: ArrayLike<number> | undefined, trained: boolean): Parameter {
    const kept = checkShape("parameter", shape);
    const size = sizeOf(kept);
    const address = this.#heap.keep(size);
    const slot: Slot = { address, size, tracked: trained, step: 0, gradient: 0, graded: false };
    const parameter = new Parameter(this, kept, slot, trained);
    if (values !== undefined) parameter.set(values);
    this.#parameters.push(parameter);
    return parameter;
  }
}

/** A tape with an empty heap. Throws OPTION_UNKNOWN, OPTION_RANGE. */
export function createTape(options: TapeOptions = {}): Tape {
  checkNames(options, ["precision", "threads", "kernels"]);
  const { precision = "f32", threads = 1, kernels } = options;
  oneOf("precision", precision, ["f32", "f64"]);
  return new Tape(
    kernels ?? (precision === "f32" ? createWasmKernels({ threads }) : createReferenceKernels(precision)),
  );
}
