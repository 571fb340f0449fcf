import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { data, expectNear, golden, queries, rowsOf } from "../../test/helpers/estimators.ts";
import { create, type Index, type Key } from "../indexes/index.ts";
import {
  KernelDensity,
  KNeighborsClassifier,
  KNeighborsDensity,
  KNeighborsDensityClassifier,
  KNeighborsRegressor,
  LocalOutlierFactor,
  RadiusNeighborsClassifier,
  RadiusNeighborsRegressor,
} from "./index.ts";

const names: string[] = golden.names;

describe("a saved estimator", () => {
  test("classifier: predicts, calibrates and refits as before, over any index", async () => {
    for (const index of ["Flat", "KDTree", "HNSW8"]) {
      const options = { index, calibration: "temperature", weights: "distance", metric: "l1" } as const;
      const model = new KNeighborsClassifier<string>(options).fit(data, names);
      model.chooseK({ ks: [3, 4] });
      const again = await KNeighborsClassifier.open<string>(model.toBytes());
      expect(again.k_).toBe(model.k_);
      expect(again.classes_).toEqual(model.classes_);
      expect(again.predict(queries)).toEqual(model.predict(queries));
      expect(again.predictProba(queries)).toEqual(model.predictProba(queries));
      expect(again.calibration_).toEqual(model.calibration_);
      expect(again.fit(data.slice(2), names.slice(2)).predict(queries.slice(1, 3))).toEqual(
        model.fit(data.slice(2), names.slice(2)).predict(queries.slice(1, 3)),
      );
      for (const each of [model, again]) each.close();
    }
  });

  test("an index with keys of its own and removed rows keeps each row's label", async () => {
    const index = create("Flat", { dimension: 3 }) as Index<Key>;
    index.add(data, { keys: data.map((_, i) => `row ${i}`) });
    for (let i = 0; i < 60; i++) index.remove(`row ${2 * i + 1}`);
    const left = names.filter((_, i) => i % 2 === 0);
    const model = new KNeighborsClassifier<string>({ k: 1 }).fit(index, left);
    const again = await KNeighborsClassifier.open<string>(model.toBytes());
    expect(model.predict(data.filter((_, i) => i % 2 === 0))).toEqual(left);
    expect(again.predict(data.filter((_, i) => i % 2 === 0))).toEqual(left);
    again.close();
    index.close();
  });

  test("the others answer as before", async () => {
    const outputs = rowsOf(golden.outputs, 2);
    const regressor = new KNeighborsRegressor({ metric: "minkowski", metricOptions: { p: 3 } }).fit(
      data,
      outputs,
    );
    const regressor2 = await KNeighborsRegressor.open(regressor.toBytes());
    expect(regressor2.predict(queries)).toEqual(regressor.predict(queries));
    const radius = new RadiusNeighborsClassifier({ radius: 3, outliers: { label: -5 } }).fit(
      data,
      golden.labels,
    );
    const radius2 = await RadiusNeighborsClassifier.open(radius.toBytes());
    expect(radius2.predict(queries)).toEqual(radius.predict(queries));
    const within = new RadiusNeighborsRegressor({ radius: 3, outlierValue: 9 }).fit(data, outputs);
    const within2 = await RadiusNeighborsRegressor.open(within.toBytes());
    expect(within2.predict(queries)).toEqual(within.predict(queries));
    const lof = new LocalOutlierFactor({ k: 7, contamination: 0.1 }).fit(data);
    const lof2 = await LocalOutlierFactor.open(lof.toBytes());
    expect(lof2.decisionFunction(queries)).toEqual(lof.decisionFunction(queries));
    expect(lof2.negativeOutlierFactor_).toEqual(lof.negativeOutlierFactor_);
    const density = new KernelDensity({ kernel: "linear", bandwidth: "scott" }).fit(data);
    const density2 = await KernelDensity.open(density.toBytes());
    expect(density2.scoreSamples(queries)).toEqual(density.scoreSamples(queries));
    const ball = new KNeighborsDensity({ k: 3, intrinsicDimension: 2 }).fit(data);
    const ball2 = await KNeighborsDensity.open(ball.toBytes());
    expect(ball2.scoreSamples(queries)).toEqual(ball.scoreSamples(queries));
    const bayes = new KNeighborsDensityClassifier<string>({ k: 3, priors: [0.1, 0.2, 0.3, 0.4] }).fit(
      data,
      names,
    );
    const bayes2 = await KNeighborsDensityClassifier.open<string>(bayes.toBytes());
    expect(bayes2.predictLogProba(queries)).toEqual(bayes.predictLogProba(queries));
    expect(bayes2.options).toEqual(bayes.options);
    for (const model of [regressor, regressor2, radius, radius2, within, within2, lof, lof2]) model.close();
    for (const model of [density, density2, ball, ball2, bayes, bayes2]) model.close();
  });

  test("files of the first version open and answer as the models that made them", async () => {
    const file = (name: string): Uint8Array =>
      readFileSync(fileURLToPath(new URL(`../../test/golden/estimators-v1-${name}.vic`, import.meta.url)));
    const rows = Array.from({ length: 24 }, (_, i) => [(i * 7) % 24, (i * 5) % 11, i % 3]);
    const labels = rows.map(([x]) => (x! < 8 ? "a" : x! < 16 ? "é" : "z"));
    const options = { index: "HNSW4", k: 3, weights: "distance", ties: "nearest" } as const;
    const fresh = new KNeighborsClassifier<string>({ ...options, calibration: "temperature" }).fit(
      rows,
      labels,
    );
    const classifier = await KNeighborsClassifier.open<string>(file("classifier"));
    expect(classifier.options).toMatchObject({ ...options, calibration: "temperature" });
    expect(classifier.predict(rows)).toEqual(labels);
    expectNear(classifier.predictProba(rows).data, [...fresh.predictProba(rows).data]);
    const regressor = await KNeighborsRegressor.open(file("regressor"));
    const values = rows.map(([x, y]) => [x! + y! / 2, x! * y!]);
    const again = new KNeighborsRegressor({ index: "KDTree", metric: "l1", k: 2 }).fit(rows, values);
    expectNear(regressor.predict([[1, 2, 3.3]]), [...again.predict([[1, 2, 3.3]])]);
    const outliers = await LocalOutlierFactor.open(file("outliers"));
    const lof = new LocalOutlierFactor({ k: 4, contamination: 0.2 }).fit(rows);
    expectNear(outliers.decisionFunction(rows), [...lof.decisionFunction(rows)], { atol: 1e-5 });
    const density = await KNeighborsDensityClassifier.open<string>(file("density"));
    const bayes = new KNeighborsDensityClassifier<string>({ k: 2, priors: [0.2, 0.3, 0.5] }).fit(
      rows,
      labels,
    );
    expectNear(density.predictLogProba([[5, 5, 0.5]]).data, [...bayes.predictLogProba([[5, 5, 0.5]]).data]);
    for (const model of [fresh, classifier, regressor, again, outliers, lof, density, bayes]) model.close();
  });

  test("goes to a file and back; other kinds, damage and functions are refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vicinal-apply-"));
    try {
      const model = new KNeighborsRegressor({ k: 2 }).fit(data, golden.labels);
      const path = join(folder, "model.vic");
      await model.save(path);
      const again = await KNeighborsRegressor.open(path);
      expect(again.predict(queries)).toEqual(model.predict(queries));
      await expect(KNeighborsClassifier.open(path)).rejects.toMatchObject({ code: "FORMAT" });
      const bytes = model.toBytes();
      for (const at of [100, bytes.length >> 1, bytes.length - 100]) {
        const bad = bytes.slice();
        bad[at]! ^= 1;
        await expect(KNeighborsRegressor.open(bad)).rejects.toThrow(/damaged/);
      }
      const custom = new KNeighborsRegressor({ weights: (distances) => distances }).fit(data, golden.labels);
      expect(() => custom.toBytes()).toThrow(/function/);
      for (const each of [model, again, custom]) each.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
