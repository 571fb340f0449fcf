// What is asked of every runtime, through the package's public doors alone. Plain JavaScript, because
// browsers, Deno and Bun read this very file. Answers with facts to compare; it judges nothing itself.

const ROWS = 3000;
const DIMENSION = 24;
const QUERIES = 40;
const K = 10;
const SPEC = "HNSW16,SQ7,Refine";
/** Other kinds, which integers or strict comparisons make the same everywhere. */
const OTHERS = ["KDTree", "RPForest8", "IVF16,SQ8", "PQ8x4fs,Refine"];

/** Seeded numbers in [0, 1): multiplications modulo 2³², equal everywhere. */
function createNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

function matrix(rows, seed) {
  const next = createNumbers(seed);
  return Float32Array.from({ length: rows * DIMENSION }, () => next() - 0.5);
}

/** The k nearest rows by squared Euclidean distance, in double precision. */
function bruteForce(data, query) {
  const scored = [];
  for (let row = 0; row < ROWS; row++) {
    let sum = 0;
    for (let i = 0; i < DIMENSION; i++) sum += (data[row * DIMENSION + i] - query[i]) ** 2;
    scored.push([sum, row]);
  }
  return scored
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .slice(0, K)
    .map(([, row]) => row);
}

export async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Share of the true neighbours in the answers. */
function recallOf(answers, truth) {
  let found = 0;
  truth.forEach((rows, q) => {
    const keys = new Set(answers.keys(q));
    found += rows.filter((row) => keys.has(row)).length;
  });
  return found / (truth.length * K);
}

const listed = (answers) => Array.from({ length: answers.queries }, (_, q) => answers.keys(q).join());

/** The graph index that every runtime is to build bit for bit. */
export async function buildGraph(vicinal, threads, metric = "l2") {
  const data = matrix(ROWS, 1);
  return vicinal.build(data, { dimension: DIMENSION, spec: SPEC, metric, seed: 7, threads });
}

/** Digests of an index of each other kind and of its answers, built with threads and read back. */
async function otherKinds(vicinal, data, queries, threads) {
  const facts = {};
  for (const spec of OTHERS) {
    const index = vicinal.create(spec, { dimension: DIMENSION, seed: 7 });
    await index.addAsync(data, { threads });
    const bytes = index.toBytes();
    const reopened = await vicinal.open(new Blob([bytes]));
    const answers = listed(reopened.search(queries, { k: K })).join(";");
    facts[spec] = [await digest(bytes), await digest(new TextEncoder().encode(answers))];
    index.close();
    reopened.close();
  }
  return facts;
}

/** Trains a small network: its last loss, rounded, since builds round otherwise; and its weights. */
async function trained({ adam, createTape, mean, matmul, relu, square, sub }, threads) {
  const tape = createTape({ threads });
  const inputs = matrix(2000, 3);
  const first = tape.parameter([DIMENSION, 64], matrix(64, 4));
  const second = tape.parameter([64, 1], matrix(3, 5).slice(0, 64));
  const optimiser = adam({ first, second }, { learningRate: 0.01 });
  let loss = 0;
  for (let step = 0; step < 12; step++) {
    // A turn of the event loop, in which threads start.
    await new Promise((resolve) => setTimeout(resolve, 10));
    loss = tape.step(() => {
      const x = tape.tensor(inputs, [2000, DIMENSION]);
      const guess = matmul(relu(matmul(x, first)), second);
      const error = mean(square(sub(guess, 1)));
      tape.backward(error);
      optimiser.step();
      return error.item();
    });
  }
  const weights = first.values();
  tape.dispose();
  return { loss: loss.toFixed(3), weights: await digest(new Uint8Array(weights.buffer)) };
}

/** Builds, searches, writes, reads back, and does it once more with threads; learns likewise. */
export async function scenario(vicinal, autodiff, { threads }) {
  const one = await trained(autodiff, 1);
  const several = await trained(autodiff, threads);
  const data = matrix(ROWS, 1);
  const queries = matrix(QUERIES, 2);
  const truth = Array.from({ length: QUERIES }, (_, q) =>
    bruteForce(data, queries.subarray(q * DIMENSION, (q + 1) * DIMENSION)),
  );
  const flat = await vicinal.build(data, { dimension: DIMENSION, spec: "Flat" });
  const graph = await buildGraph(vicinal, 1);
  const answers = graph.search(queries, { k: K });
  const bytes = graph.toBytes();

  const many = await buildGraph(vicinal, threads);
  const manyAnswers = await many.searchAsync(queries, { k: K, threads });
  const reopened = await vicinal.open(new Blob([bytes]));
  const again = await reopened.searchAsync(queries, { k: K, threads });
  const cosine = await buildGraph(vicinal, 1, "cosine");
  const facts = {
    flatRecall: recallOf(flat.search(queries, { k: K }), truth),
    flatThreadsRecall: recallOf(await flat.searchAsync(queries, { k: K, threads }), truth),
    graphRecall: recallOf(answers, truth),
    graph: await digest(bytes),
    graphThreads: await digest(many.toBytes()),
    answers: await digest(new TextEncoder().encode(listed(answers).join(";"))),
    sameWithThreads: listed(manyAnswers).join() === listed(answers).join(),
    sameReopened: listed(again).join() === listed(answers).join(),
    rewritten: await digest(reopened.toBytes()),
    cosine: await digest(cosine.toBytes()),
    others: await otherKinds(vicinal, data, queries, threads),
    loss: one.loss,
    learnsAlike: several.weights === one.weights,
  };
  for (const index of [flat, graph, many, reopened, cosine]) index.close();
  return facts;
}

/** Facts of an index opened from what fetch answers. */
export async function opened(vicinal, response) {
  const index = await vicinal.open(response);
  const facts = { size: index.size, graph: await digest(index.toBytes()) };
  index.close();
  return facts;
}

/** Code and text of the error that the call ends with, or undefined. */
export async function failure(call) {
  try {
    await call();
    return undefined;
  } catch (error) {
    return { code: error.code, message: error.message };
  }
}
