import type { Fail } from "../kind.ts";
import { SPLIT_WORDS } from "./layout.ts";
import type { Trees } from "./trees.ts";

/** Checks that no search through trees from a file can leave their memory, or meet a node twice. */
export function checkTrees(trees: Trees, fail: Fail): void {
  const { counts } = trees;
  if (counts.covered > trees.rows.rows) fail("trees hold rows that there are", `${counts.covered}`);
  if (counts.covered === 0) return;
  checkShape(trees, fail);
  checkLeaves(trees, fail);
  checkItems(trees, fail);
  checkSplits(trees, fail);
}

/** Nodes are numbered as a walk meets them, which says that each is met once. */
function checkShape({ space, counts }: Trees, fail: Fail): void {
  const words = space.u32("splits");
  let split = 0;
  let leaf = 0;
  const stack: number[] = [];
  for (const root of space.u32("roots")) {
    stack.push(root | 0);
    while (stack.length > 0) {
      const node = stack.pop()!;
      if (node < 0) {
        if (~node !== leaf++) fail("leaves are numbered in their order", String(~node));
        continue;
      }
      if (node !== split++ || node >= counts.splits) fail("splits are numbered in their order", String(node));
      stack.push(words[node * SPLIT_WORDS + 1]! | 0, words[node * SPLIT_WORDS]! | 0);
    }
  }
  if (split !== counts.splits || leaf !== counts.leaves) fail("every node hangs on a tree");
}

function checkLeaves({ space, counts }: Trees, fail: Fail): void {
  const leaves = space.u32("leaves");
  if (leaves[0] !== 0 || leaves[counts.leaves] !== counts.trees * counts.covered) {
    fail("leaves hold all items");
  }
  for (let l = 0; l < counts.leaves; l++) {
    if (leaves[l]! > leaves[l + 1]!) fail("leaves are in order", `leaf ${l}`);
  }
}

/** Each tree holds every row once, in leaves of its own. */
function checkItems({ space, counts }: Trees, fail: Fail): void {
  const items = space.u32("items");
  const seen = new Uint32Array(counts.covered);
  for (let at = 0; at < items.length; at++) {
    const tree = Math.floor(at / counts.covered) + 1;
    const row = items[at]!;
    if (row >= counts.covered) fail("trees hold rows that there are", String(row));
    if (seen[row] === tree) fail("a tree holds a row once", String(row));
    seen[row] = tree;
  }
}

function checkSplits({ space, counts, isBits, rows, step }: Trees, fail: Fail): void {
  const words = space.u32("splits");
  const scales = space.f32("splits");
  for (let i = 0; i < counts.splits; i++) {
    const at = i * SPLIT_WORDS;
    const threshold = words[at + 2]! | 0;
    if (isBits && (threshold < -1 || threshold >= rows.options.dimension)) {
      fail("splits are by bits that rows have", String(threshold));
    }
    const scale = scales[at + 3]!;
    if (!(scale >= 0 && scale < Infinity)) fail("splits have scales", String(scale));
  }
  if (isBits !== (step === 0)) fail("planes have a step, and bits have none", String(step));
  if (Math.fround(step) !== step) fail("the step of planes is a float32", String(step));
  if (!space.f32("planeOffsets").every(Number.isFinite)) fail("offsets of planes are numbers");
}
