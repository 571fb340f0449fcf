import { describe, expect, test } from "vitest";
import { createRng, isVicinalError, type Matrix } from "../../core/index.ts";
import { createEncoder, type Encoder } from "./encoder.ts";
import { fitMetric, fitMetricAsync, METRIC_LOSSES } from "./fitMetric.ts";

/** Classes along two of twelve columns; the others are noise and louder. */
function wheel(n: number, seed: number): { rows: Matrix; labels: number[] } {
  const rng = createRng(seed, "wheel");
  const labels = Array.from({ length: n }, (_, i) => i % 6);
  const data = new Float32Array(n * 12);
  for (const [i, label] of labels.entries()) {
    for (let j = 0; j < 12; j++) data[i * 12 + j] = 2 * rng.normal();
    data[i * 12] = 3 * Math.cos(label) + 0.3 * rng.normal();
    data[i * 12 + 1] = 3 * Math.sin(label) + 0.3 * rng.normal();
  }
  return { rows: { data, rows: n, cols: 12, stride: 12 }, labels };
}

/** Share of rows whose nearest other row is of their class. */
function nearestAgrees({ data, rows, cols }: Matrix, labels: readonly number[]): number {
  let right = 0;
  for (let i = 0; i < rows; i++) {
    let [best, nearest] = [Number.POSITIVE_INFINITY, -1];
    for (let k = 0; k < rows; k++) {
      if (k === i) continue;
      let far = 0;
      for (let j = 0; j < cols; j++) far += (data[i * cols + j]! - data[k * cols + j]!) ** 2;
      if (far < best) [best, nearest] = [far, k];
    }
    if (labels[nearest] === labels[i]) right++;
  }
  return right / rows;
}

const make = (): Encoder =>
  createEncoder({ kind: "mlp", inputs: 12, hidden: [32], width: 4, unit: true }, { seed: 1 });
const learn = wheel(240, 1);
const how = { epochs: 20, classes: 6, perClass: 4, learningRate: 1e-2, seed: 2 };

describe.each(METRIC_LOSSES)("fitMetric: %s", (loss) => {
  test("brings unseen rows of a class together, which noise keeps apart before", () => {
    const encoder = make();
    const unseen = wheel(120, 5);
    const before = nearestAgrees(unseen.rows, unseen.labels);
    fitMetric(encoder, learn.rows, learn.labels, { ...how, loss });
    const after = nearestAgrees(encoder.encode(unseen.rows), unseen.labels);
    expect(before).toBeLessThan(0.5);
    expect(after).toBeGreaterThan(0.8);
  });

  test("a run that was stopped and taken up ends with the bits of one that was not", async () => {
    const [whole, parts, resumed] = [make(), make(), make()];
    const short = { ...how, epochs: 2, loss };
    fitMetric(whole, learn.rows, learn.labels, short);
    const controller = new AbortController();
    let kept: Uint8Array | undefined;
    const checkpoint = { every: 3, save: (bytes: Uint8Array): void => void (kept = bytes) };
    const onProgress = ({ done }: { done: number }): void => {
      if (done === 7) controller.abort();
    };
    await expect(
      fitMetricAsync(parts, learn.rows, learn.labels, {
        ...{ ...short, checkpoint, onProgress, signal: controller.signal },
      }),
    ).rejects.toMatchObject({ name: "AbortError" });
    fitMetric(resumed, learn.rows, learn.labels, { ...short, resume: kept! });
    expect(resumed.encode(learn.rows).data).toEqual(whole.encode(learn.rows).data);
    expect(parts.encode(learn.rows).data).not.toEqual(whole.encode(learn.rows).data);
  });
});

test("what cannot be learned from is refused before anything is learned", () => {
  const encoder = make();
  const before = encoder.encode(learn.rows).data;
  const one = learn.labels.map(() => 1);
  const refused = (labels: number[], options: object, code: string): void => {
    try {
      fitMetric(encoder, learn.rows, labels, options);
      expect.unreachable();
    } catch (error) {
      expect(isVicinalError(error)).toBe(true);
      expect((error as { code: string }).code).toBe(code);
    }
  };
  refused(one, {}, "BAD_INPUT");
  refused(learn.labels, { loss: "softmax" }, "OPTION_RANGE");
  refused(learn.labels, { perClass: 1 }, "OPTION_RANGE");
  refused(learn.labels, { loss: "nPair", perClass: 3 }, "OPTION_RANGE");
  refused(learn.labels, { epoch: 3 }, "OPTION_UNKNOWN");
  expect(encoder.encode(learn.rows).data).toEqual(before);
});
