/** The learning bench's tables and goals. */
import { table } from "../report.mjs";

const times = ({ median, min, max }) => `${median.toFixed(2)}× (${min.toFixed(2)}–${max.toFixed(2)})`;
const versus = (rival) => (rival ? times(rival.ratio) : "");
const milliseconds = (/** @type {number} */ ms) => (ms < 10 ? ms.toFixed(2) : ms.toFixed(0));

/** @param {any} learn what race.mjs found */
export function learningSection({ results, facts }) {
  const tuned = results.some((each) => each.tuned);
  const parts = [
    "## Learning: steps on one thread, ours against PyTorch on the CPU",
    ...facts.map(
      ({ name, version, blas, dnn }) => `${name}: PyTorch ${version}; ${blas}; ${dnn || "without oneDNN"}.`,
    ),
    table(
      ["our time ÷ rival's", "torch as installed", ...(tuned ? ["torch, BLAS told AVX-512"] : [])],
      results.map((each) => [each.title, versus(each.rival), ...(tuned ? [versus(each.tuned)] : [])]),
    ),
    "Milliseconds of processor time a step here, and the error against PyTorch in float64: the largest difference of any gradient (of inference: the output), over that tensor's largest value. ReLU makes the gradients of deep networks jump where rounding changes a sign, for all alike.",
    ...results.flatMap(({ title, times: list, busy }) => [
      `**${title}** (least share of a round's time on the core: ${(100 * busy).toFixed(0)} %)`,
      table(
        ["", "ms", "error"],
        list.map(({ name, ms, error }) => [name, milliseconds(ms), error?.toExponential(1)]),
      ),
    ]),
  ];
  const threaded = results.filter(({ workers }) => workers);
  if (threaded.length > 0) {
    parts.push(
      "**Two threads against one** (by the clock, two cores; says little where others work on them)",
      table(
        ["", "one thread ms", "two threads ms", "faster"],
        threaded.map(({ title, workers }) => [title, ...workers.ms.map(milliseconds), times(workers.ratio)]),
      ),
    );
  }
  return parts.join("\n\n");
}

/** @param {any} learn @param {typeof import("../goals.mjs").judge} judge */
export function learningVerdicts({ results }, judge) {
  const raced = results.filter(({ rival, want }) => rival && want > 0);
  return [
    ...raced.map(({ name, title, rival, want }) =>
      judge(`Our time ÷ torch's: ${title}`, [{ set: name, value: rival.ratio.median }], want, "at most"),
    ),
    judge(
      "Two threads vs one, networks of convolutions",
      results
        .filter(({ workers }) => workers)
        .map(({ name, workers }) => ({ set: name, value: workers.ratio.median })),
      1.7,
      "at least",
    ),
  ];
}
