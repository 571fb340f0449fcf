import type { BPR, ImplicitALS } from "../../learn/index.ts";
import { beginLab } from "../begin.ts";
import { machine, machineLine } from "../machine.ts";
import { count, qps, seconds, share } from "../numbers.ts";
import {
  chosenSets,
  type LabFacts,
  type LabOptions,
  type LabResult,
  type ResolvedLabOptions,
} from "../options.ts";
import { heading, printTable } from "../print.ts";
import { musicPage } from "../report/music.ts";
import { writeReport } from "../report/write.ts";
import { isMissing } from "../textFiles.ts";
import { contenders, type Tuned, tune } from "./contenders.ts";
import { type Judged, judgeAll, type Verdict } from "./judge.ts";
import { measureProducts, type ProductRow } from "./products.ts";
import { holdOut, type Interval } from "./protocol.ts";
import { loadMusicSet, MUSIC_SETS, type MusicSet } from "./sets.ts";
import { byBaskets, type Offer, type Similar, type SimilarRow, similarTo } from "./similar.ts";

/** What was found on one set. */
export interface MusicFindings extends Verdict {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly things: string;
  readonly users: number;
  readonly items: number;
  readonly entries: number;
  /** Items held out of each user one after another for the numbers reported. */
  readonly repeats: number;
  /** Settings tried on the validation items, with their NDCG@10. */
  readonly tuning: readonly { readonly name: string; readonly tried: Tuned["tried"] }[];
  /** By the model that is searched: factors of all interactions. */
  readonly similar: Similar;
  /** The same items by vectors of baskets (skip-gram); not in a quick run. */
  readonly baskets: readonly SimilarRow[];
  readonly offers: readonly Offer[];
  readonly products: readonly ProductRow[];
}

export interface MusicLabResults extends LabFacts {
  readonly lab: "music";
  readonly seconds: number;
  readonly sets: readonly MusicFindings[];
}

/**
 * Artists, films and books by factorisation of who has what: leave-one-out against popularity and item neighbours, similar
 * items by cosine, recommendations by maximum inner product through indexes.
 *
 * @throws VicinalError DATASET_MISSING when none of the sets is at hand, FILE, OPTION_RANGE, OPTION_UNKNOWN
 */
export async function runMusicLab(given: LabOptions = {}): Promise<LabResult<MusicLabResults>> {
  const start = performance.now();
  const options = await beginLab(given);
  const sets = await loadSets(options);
  const here = machine();
  options.log(machineLine(here));
  const found: MusicFindings[] = [];
  for (const set of sets) {
    const one = await study(set, options);
    print(one, options.log);
    found.push(one);
  }
  const results: MusicLabResults = {
    lab: "music",
    machine: here,
    seed: options.seed,
    quick: options.quick,
    seconds: (performance.now() - start) / 1000,
    sets: found,
  };
  return writeReport(options.out, musicPage(results), results);
}

/** The set asked for, or those at hand; a quick run then leaves the third out. */
async function loadSets({ dataDir, quick, set, log }: ResolvedLabOptions): Promise<MusicSet[]> {
  const sets: MusicSet[] = [];
  let missing: unknown;
  const names = chosenSets(MUSIC_SETS, set);
  for (const name of quick ? names.slice(0, 2) : names) {
    try {
      sets.push(await loadMusicSet(name, dataDir));
    } catch (error) {
      if (!isMissing(error)) throw error;
      missing ??= error;
      log(`${name} is not at hand and left out.`);
    }
  }
  if (sets.length === 0) throw missing;
  return sets;
}

async function study(set: MusicSet, options: ResolvedLabOptions): Promise<MusicFindings> {
  const { seed, quick, signal, onProgress } = options;
  const run = { signal, onProgress };
  const repeats = quick ? 1 : set.repeats;
  const protocol = holdOut(set.x, quick ? 1 : set.validations, repeats, seed);
  const tuned: Tuned[] = [];
  for (const contender of contenders(set.counted, quick, seed)) {
    tuned.push(await tune(contender, protocol.validations, run));
  }
  const verdict = await judgeAll(tuned, protocol.tests, seed, run);
  const als = tuned.find(({ contender }) => contender.name === "ALS")!;
  const model = als.contender.make(als.setting) as ImplicitALS | BPR;
  await model.fitAsync(set.x, run);
  const found = similarTo(model, set, seed);
  return {
    name: set.name,
    title: set.title,
    note: set.note,
    things: set.things,
    users: set.x.users,
    items: set.x.items,
    entries: set.x.indices.length,
    repeats,
    tuning: tuned.map(({ contender, tried }) => ({ name: contender.name, tried })),
    ...verdict,
    ...found,
    baskets: quick ? [] : await byBaskets(set, found.similar, seed, run),
    products: measureProducts(model, set.x, seed, quick ? 50 : 500, run),
  };
}

const right = "right" as const;

function print(found: MusicFindings, log: (line: string) => void): void {
  const { title, users, items, entries, things, judged, similar, products } = found;
  heading(log, `${title}: ${count(users)} people, ${count(items)} ${things}, ${count(entries)} interactions`);
  printTable(
    log,
    [
      { title: "" },
      { title: "hit rate@10", align: right },
      { title: "NDCG@10", align: right },
      { title: "fit", align: right },
    ],
    judged.map((one) => [one.name, interval(one.hitRate), interval(one.ndcg), seconds(one.fitSeconds)]),
  );
  log(`  ${verdictLine(found)}`);
  log("");
  for (const { name, nearest } of similar.rows) {
    log(`  ${name}: ${nearest.map((near) => `${near.name} ${near.cosine.toFixed(2)}`).join(", ")}`);
  }
  log("");
  printTable(
    log,
    [
      { title: "index" },
      { title: "setting" },
      { title: "recall@10", align: right },
      { title: "a second", align: right },
    ],
    products.map((one) => [one.index, settingText(one.params), share(one.recall, 3), qps(one.qps)]),
  );
}

/** "0.171 (0.163 to 0.179)". */
export function interval({ mean, low, high }: Interval, digits = 4): string {
  const of = (value: number): string => value.toFixed(digits).replace("-", "−");
  return `${of(mean)} (${of(low)} to ${of(high)})`;
}

/** Options or parameters as text. */
export function settingText(setting: object): string {
  return Object.entries(setting)
    .map(([name, value]) => `${name}=${value === Number.POSITIVE_INFINITY ? "all" : value}`)
    .join(", ");
}

/** The best by NDCG@10, and what it gains over the two that any model has to beat. */
export function verdictLine({ judged, versus }: Pick<MusicFindings, "judged" | "versus">): string {
  const best = judged.reduce((a, b) => (b.ndcg.mean > a.ndcg.mean ? b : a));
  const against = (name: string): string => {
    const other = judged.find((one) => one.name === name)!;
    const paired = versus.find((one) => one.name === best.name && one.against === name);
    if (paired === undefined) return "";
    return `${gain(best, other, "ndcg")} NDCG@10 (difference ${interval(paired.ndcg)}) and ${gain(best, other, "hitRate")} hit rate over ${name}`;
  };
  const parts = ["popularity", "item-kNN"].map(against).filter((part) => part !== "");
  return parts.length === 0 ? `${best.name} is best.` : `${best.name} is best: ${parts.join("; ")}.`;
}

function gain(best: Judged, other: Judged, what: "ndcg" | "hitRate"): string {
  const percent = (best[what].mean / other[what].mean - 1) * 100;
  return `${percent >= 0 ? "+" : "−"}${Math.abs(percent).toFixed(0)} %`;
}
