import type { Kernels } from "../kernels.ts";
import type { Memory } from "./elementwise.ts";

export function optimisers(memory: Memory): Pick<Kernels, "adam" | "sgd"> {
  return {
    adam(s) {
      const { heap } = memory;
      const byFirst = 1 / (1 - s.beta1 ** s.t);
      const bySecond = 1 / (1 - s.beta2 ** s.t);
      for (let i = 0; i < s.n; i++) {
        const before = heap[s.parameter + i]!;
        const g = heap[s.gradient + i]! + s.l2 * before;
        const m = s.beta1 * heap[s.firstMoment + i]! + (1 - s.beta1) * g;
        const v = s.beta2 * heap[s.secondMoment + i]! + (1 - s.beta2) * g * g;
        heap[s.firstMoment + i] = m;
        heap[s.secondMoment + i] = v;
        const step = (m * byFirst) / (Math.sqrt(v * bySecond) + s.epsilon);
        heap[s.parameter + i] = before - s.learningRate * (step + s.decay * before);
      }
    },
    sgd(s) {
      const { heap } = memory;
      for (let i = 0; i < s.n; i++) {
        const before = heap[s.parameter + i]!;
        const g = heap[s.gradient + i]! + s.l2 * before;
        const v = s.momentum * heap[s.velocity + i]! + g;
        heap[s.velocity + i] = v;
        heap[s.parameter + i] = before - s.learningRate * (s.nesterov ? g + s.momentum * v : v);
      }
    },
  };
}
