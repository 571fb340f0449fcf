import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createTape, type Precision, type Tensor } from "../../autodiff/index.ts";
import { batchHard } from "../miners/index.ts";
import {
  clip,
  contrastive,
  infoNce,
  ncaLoss,
  nPair,
  proxyNca,
  proxySoftmax,
  supervisedContrastive,
  triplet,
} from "./index.ts";

interface Case {
  readonly value: number;
  readonly [gradient: `grad_${string}`]: number | number[][];
}
interface Reference {
  readonly inputs: Record<"z" | "proxies" | "pair_a" | "pair_b", number[][]> & {
    labels: number[];
    margin: number;
    tau: number;
    log_scale: number;
  };
  readonly labelled: Record<string, Case>;
  readonly paired: Record<string, Case>;
}

const file = join(process.env.VICINAL_DATA ?? "", "metric", "losses.json");
const present = process.env.VICINAL_DATA !== undefined && existsSync(file);
const reference: Reference | undefined = present ? JSON.parse(readFileSync(file, "utf8")) : undefined;
if (!present) console.warn("skipped: the metric-learning reference values are not in $VICINAL_DATA/metric");

type Inputs = Record<"z" | "proxies" | "pair_a" | "pair_b" | "log_scale", Tensor>;

/** Every loss of the file, as this library says it. */
function losses({ inputs }: Reference): Record<string, (x: Inputs) => Tensor> {
  const { labels, margin, tau } = inputs;
  const hadsell = "hadsell" as const;
  return {
    "contrastive_squared_hinge_in_d2/sum": ({ z }) => contrastive(z, labels, { margin, reduction: "sum" }),
    "contrastive_squared_hinge_in_d2/mean": ({ z }) => contrastive(z, labels, { margin }),
    "contrastive_hadsell/sum": ({ z }) => contrastive(z, labels, { margin, form: hadsell, reduction: "sum" }),
    "contrastive_hadsell/mean": ({ z }) => contrastive(z, labels, { margin, form: hadsell }),
    "triplet_all/sum": ({ z }) => triplet(z, labels, { margin, reduction: "sum" }),
    "triplet_all/mean": ({ z }) => triplet(z, labels, { margin }),
    "triplet_all/mean_active": ({ z }) => triplet(z, labels, { margin, reduction: "meanActive" }),
    "triplet_batch_hard/mean": ({ z }) => triplet(z, labels, { margin, tuples: batchHard(z, labels) }),
    "nca/neg_log_mean": ({ z }) => ncaLoss(z, labels),
    "nca/neg_expected_accuracy_sum": ({ z }) =>
      ncaLoss(z, labels, { form: "expectedAccuracy", reduction: "sum" }),
    "supcon_out/mean": ({ z }) => supervisedContrastive(z, labels, { temperature: tau }),
    "proxy_nca/mean": ({ z, proxies }) => proxyNca(z, labels, proxies),
    "proxy_softmax/mean": ({ z, proxies }) => proxySoftmax(z, labels, proxies),
    "n_pair_unit/mean": ({ pair_a, pair_b }) => nPair(pair_a, pair_b, { unit: true }),
    "n_pair_raw/mean": ({ pair_a, pair_b }) => nPair(pair_a, pair_b),
    "info_nce/mean": ({ pair_a, pair_b }) => infoNce(pair_a, pair_b, { temperature: tau }),
    "clip_symmetric/mean": ({ pair_a, pair_b, log_scale }) => clip(pair_a, pair_b, log_scale),
  };
}

describe.skipIf(reference === undefined)("values and gradients are those of the reference file", () => {
  const { inputs, labelled, paired } = reference ?? { inputs: undefined, labelled: {}, paired: {} };
  const cases = { ...labelled, ...paired };

  test("every loss of the file is compared", () => {
    expect(Object.keys(losses(reference!)).sort()).toEqual(Object.keys(cases).sort());
  });

  const precisions: [Precision, number][] = [
    ["f64", 1e-9],
    ["f32", 1e-4],
  ];
  describe.each(precisions)("%s within %d", (precision, tolerance) => {
    test.each(Object.entries(cases))("%s", (name, expected) => {
      const tape = createTape({ precision });
      const put = (rows: number[][]) => tape.parameter([rows.length, rows[0]!.length], rows.flat());
      const { z, proxies, pair_a, pair_b, log_scale } = inputs!;
      const given = {
        z: put(z),
        proxies: put(proxies),
        pair_a: put(pair_a),
        pair_b: put(pair_b),
        log_scale: tape.parameter([], [log_scale]),
      };
      const value = tape.step(() => {
        const loss = losses(reference!)[name]!(given);
        tape.backward(loss);
        return loss.item();
      });
      expect(Math.abs(value - expected.value), "value").toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(expected.value)),
      );
      for (const [key, tensor] of Object.entries(given)) {
        const gradient = expected[`grad_${key}`];
        if (gradient === undefined) continue;
        const wanted = [gradient].flat(2) as number[];
        const got = tensor.gradient();
        for (const [i, slope] of wanted.entries())
          expect(Math.abs(got[i]! - slope), `${key} ${i}`).toBeLessThanOrEqual(
            tolerance * Math.max(1, Math.abs(slope)),
          );
      }
      tape.dispose();
    });
  });
});
