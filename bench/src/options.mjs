/** Options of the bench: one table, read from the command line. */

export const DEFAULTS = Object.freeze({
  /** The three sets of the goals, then a generated one of low dimension. */
  sets: ["fashion-mnist", "bsds-sift", "unit768", "syn128"],
  targets: [0.95, 0.99],
  rounds: 7,
  seconds: 0.5,
  k: 10,
  M: 16,
  efConstruction: 200,
  seed: 1,
  /** Rows of each set at most; 0 = all. */
  rows: 0,
  queries: 1000,
  /** Times that each build is repeated. */
  builds: 1,
  contenders: /** @type {string[]} */ ([]),
  /** Cases of the learning bench; none = all. */
  cases: /** @type {string[]} */ ([]),
  core: -1,
  data: "",
  out: "",
  only: "all",
  quick: false,
  json: false,
  record: false,
  million: false,
  /** Load rivals' graphs saved by an earlier run instead of building them (development). */
  reuse: false,
});

/** Steps of the common grid of efSearch: four a doubling. */
export const EF_GRID = Object.freeze([
  10, 12, 14, 17, 20, 24, 28, 34, 40, 48, 57, 68, 80, 95, 113, 135, 160, 190, 226, 269, 320,
]);

export const HELP = `npm run bench -- [options]

  --quick            20,000 rows of the first three sets, shorter rounds: minutes instead of an hour
  --json             one JSON document on stdout, nothing else (progress goes to stderr)
  --record           write bench/RESULTS.md from this run; bench/FAMILIES.md from one of families and trees
                     alone, bench/LEARN.md, bench/DENOISE.md and bench/SERVER.md from one of learn, denoise or server alone
  --million          only the 1,000,000 x 128 run: build, memory, QPS at recall, save, open
  --node20           run under this machine's own Node instead of Node 24
  --sets A,B         of fashion-mnist, bsds-sift, unit768, syn128
  --only A,B         of hnsw, families, trees, exact, build2, file, learn, denoise, server; or all
  --cases A,B        of the learning bench: mlp, convnet, dncnn6, dncnn17, distances
  --contenders "A;B" only these (names as in the tables)
  --targets 0.95,0.99   --rounds 7   --seconds 0.5   --builds 1
  --rows N           the first N rows of each set    --queries N
  --data DIR         the data folder, default $VICINAL_DATA
  --core N           the core to pin to, default the last one allowed
  --reuse            take rivals' graphs from bench/out/cache where a run has left them
`;

const LISTS = new Set(["sets", "targets", "contenders", "cases"]);

/** @param {string[]} argv */
export function parseOptions(argv) {
  /** @type {Record<string, any>} */
  const given = {};
  for (let i = 0; i < argv.length; i++) {
    const name = argv[i].replace(/^--/, "");
    if (!argv[i].startsWith("--") || !Object.hasOwn(DEFAULTS, name)) {
      throw new Error(`Unknown option "${argv[i]}"; see --help.`);
    }
    const standard = DEFAULTS[/** @type {keyof typeof DEFAULTS} */ (name)];
    if (typeof standard === "boolean") {
      given[name] = true;
      continue;
    }
    const text = argv[++i];
    if (text === undefined) throw new Error(`--${name} needs a value; see --help.`);
    if (LISTS.has(name))
      given[name] =
        name === "targets" ? text.split(",").map(Number) : text.split(name === "contenders" ? ";" : ",");
    else given[name] = typeof standard === "number" ? Number(text) : text;
    if ([given[name]].flat().some((value) => Number.isNaN(value))) {
      throw new Error(`--${name} is "${text}"; it takes numbers.`);
    }
  }
  const quick = given.quick ? { rows: 20_000, seconds: 0.2, sets: DEFAULTS.sets.slice(0, 3) } : {};
  return Object.freeze({ ...DEFAULTS, ...quick, ...given });
}
