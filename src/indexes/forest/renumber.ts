import type { NewOrder } from "../rowIndex.ts";
import type { Trees } from "./trees.ts";

/** Takes removed rows out of their leaves and gives the others their new slots; trees keep their shape. */
export function renumberTrees(
  trees: Trees,
  { newSlotOfOld }: NewOrder,
  isRemoved: (slot: number) => boolean,
): void {
  const { space, counts } = trees;
  const items = space.u32("items");
  const leaves = space.u32("leaves");
  let to = 0;
  for (let leaf = 0, at = 0; leaf < counts.leaves; leaf++) {
    const end = leaves[leaf + 1]!;
    leaves[leaf] = to;
    for (; at < end; at++) {
      const slot = items[at]!;
      if (!isRemoved(slot)) items[to++] = newSlotOfOld[slot]!;
    }
  }
  if (to === 0) {
    trees.clear();
    return;
  }
  leaves[counts.leaves] = to;
  trees.expect({ ...counts, covered: to / counts.trees });
  space.set(trees.sizes());
  trees.measure();
}
