import { expect } from "vitest";
import { createTape, type Precision, type Tensor } from "../../src/autodiff/index.ts";

export type Rows = number[][];

/** Value and gradients of a loss at these inputs. */
export function differentiated(
  on: (z: Tensor, other: Tensor) => Tensor,
  z: Rows,
  other: Rows,
  precision: Precision,
): { value: number; gradient: number[] } {
  const tape = createTape({ precision });
  const put = (rows: Rows) => tape.parameter([rows.length, rows[0]?.length ?? 3], rows.flat());
  const [a, b] = [put(z), put(other)];
  const value = tape.step(() => {
    const out = on(a, b);
    expect(out.size).toBe(1);
    tape.backward(out);
    return out.item();
  });
  const gradient = [...a.gradient(), ...b.gradient()];
  tape.dispose();
  return { value, gradient };
}
