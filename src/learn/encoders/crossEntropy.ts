import { add, logSoftmax, mean, mul, neg, pick, type Tensor } from "../../autodiff/index.ts";
import { VicinalError } from "../../core/index.ts";

/**
 * Mean of −log softmax(logits)[class] over rows. With `smoothing` s, the target is 1 − s on the class and s spread
 * over all classes evenly (Szegedy et al. 2016), as PyTorch has it.
 *
 * @param logits [rows, classes]
 * @param classes the number of each row's class
 */
export function crossEntropy(logits: Tensor, classes: ArrayLike<number>, smoothing = 0): Tensor {
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "smoothing",
      got: smoothing,
      rule: "at least 0 and below 1",
    });
  }
  const logs = logSoftmax(logits);
  const own = mean(pick(logs, classes));
  if (smoothing === 0) return neg(own);
  return neg(add(mul(own, 1 - smoothing), mul(mean(logs), smoothing)));
}
