/** The server bench's table and goals. */
import { table } from "../report.mjs";

const ms = (/** @type {number} */ value) => `${value.toFixed(2)} ms`;
const rate = (/** @type {number} */ value) => Math.round(value).toLocaleString("en");
const ranged = ({ median, min, max }) => `${rate(median)} (${rate(min)}–${rate(max)})`;

/** @param {any} server what race.mjs found */
export function serverSection(server) {
  const {
    name,
    n,
    d,
    index,
    recall,
    connections,
    uploadSeconds,
    buildSeconds,
    blockMs,
    meanwhileMs,
    trips,
    rates,
  } = server;
  return [
    "## Server",
    `${name}, ${n.toLocaleString("en")} × ${d}, k 10, ${index} tuned for 0.95; recall@10 over HTTP ${recall.toFixed(4)}. Server and load on the same two cores. Uploaded in ${uploadSeconds.toFixed(1)} s; the index was built in ${buildSeconds.toFixed(1)} s while ${meanwhileMs.count} exact searches went on, median ${ms(meanwhileMs.median)}, longest ${ms(meanwhileMs.worst)}; the loop that answers HTTP stood still for ${ms(blockMs)} at most.`,
    table(
      ["", "p50", "p99", `searches/s, ${connections} connections`],
      [
        ["round trip, query as float32 bytes", ms(trips.bytes.p50), ms(trips.bytes.p99), ranged(rates.bytes)],
        ["round trip, query as JSON", ms(trips.json.p50), ms(trips.json.p99), ranged(rates.json)],
        ["of it in the engine", ms(trips.engine.p50), ms(trips.engine.p99), ""],
      ],
    ),
  ].join("\n\n");
}

/** @param {any} server @param {typeof import("../goals.mjs").judge} judge */
export function serverVerdicts({ recall, blockMs, trips, rates }, judge) {
  const value = (/** @type {number} */ got) => [{ set: "", value: got }];
  return [
    judge("Search over HTTP, 60k × 784, p50 of the round trip", value(trips.json.p50), 3, "at most", ms),
    judge(
      "Searches a second, 16 connections",
      value(recall >= 0.95 ? rates.bytes.median : 0),
      1500,
      "at least",
      rate,
    ),
    judge("Recall@10 of those searches", value(recall), 0.95, "at least", (got) => got.toFixed(4)),
    judge("Longest block of the HTTP loop while an index builds", value(blockMs), 50, "at most", ms),
  ];
}
