// Writes estimators-v1-*.vic: fitted estimators as the first version of their files saves them. Run once, after
// `node scripts/build.mjs`; later versions must read these files, see CONTRIBUTING.md.
import { writeFileSync } from "node:fs";
import { KNeighborsClassifier, KNeighborsDensityClassifier, KNeighborsRegressor, LocalOutlierFactor } from "vicinal/apply";

const rows = Array.from({ length: 24 }, (_, i) => [(i * 7) % 24, (i * 5) % 11, i % 3]);
const labels = rows.map(([x]) => (x < 8 ? "a" : x < 16 ? "é" : "z"));
const write = (name, model) => writeFileSync(new URL(`estimators-v1-${name}.vic`, import.meta.url), model.toBytes());
const options = { index: "HNSW4", k: 3, weights: "distance", ties: "nearest", calibration: "temperature" };
write("classifier", new KNeighborsClassifier(options).fit(rows, labels));
const values = rows.map(([x, y]) => [x + y / 2, x * y]);
write("regressor", new KNeighborsRegressor({ index: "KDTree", metric: "l1", k: 2 }).fit(rows, values));
write("outliers", new LocalOutlierFactor({ k: 4, contamination: 0.2 }).fit(rows));
write("density", new KNeighborsDensityClassifier({ k: 2, priors: [0.2, 0.3, 0.5] }).fit(rows, labels));
