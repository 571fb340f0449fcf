import type { ShelfDetails, ShelfSpace, SimilarItem } from "../../../../src/server/protocol.ts";
import { similarItems } from "../../client/index.ts";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Progress } from "../../parts/progress.tsx";
import { useWork } from "../../parts/useWork.ts";

/** How many are shown. */
export const NEAREST = 10;

interface SimilarProps {
  readonly shelf: ShelfDetails;
  readonly item: number;
  onChoose(item: number): void;
}

/** What is near an item, by each of the shelf's spaces side by side. */
export function Similar({ shelf, item, onChoose }: SimilarProps) {
  const { value, error, progress, pending, again } = useWork(
    (waiting) =>
      Promise.all(shelf.spaces.map(({ name }) => similarItems(shelf.name, name, item, NEAREST, waiting))),
    [shelf, item],
  );
  if (value === undefined) {
    if (pending) return <Progress what="Looking for what is near" progress={progress} />;
    return <ErrorNote error={error} onRetry={again} />;
  }
  const inAll = (place: number): boolean =>
    value.length > 1 && value.every((list) => list.some((x) => x.item === place));
  return (
    <div class="recommend-lists" aria-live="polite">
      {shelf.spaces.map((space, i) => (
        <List key={space.name} {...{ shelf, space, inAll, onChoose }} items={value[i]!} />
      ))}
    </div>
  );
}

interface ListProps {
  readonly shelf: ShelfDetails;
  readonly space: ShelfSpace;
  readonly items: readonly SimilarItem[];
  inAll(item: number): boolean;
  onChoose(item: number): void;
}

function List({ shelf, space, items, inAll, onChoose }: ListProps) {
  return (
    <section class="panel" aria-label={space.title}>
      <h3 class="recommend-space">{space.title}</h3>
      <p class="muted recommend-note">{space.note}</p>
      <ol class="recommend-list">
        {items.map(({ item, score, why }) => (
          <li key={item}>
            <button type="button" class="recommend-title" onClick={() => onChoose(item)}>
              {shelf.titles[item]}
            </button>
            <span class="number muted"> {score.toFixed(3)}</span>
            {inAll(item) && <span class="recommend-both">in both lists</span>}
            {why.length > 0 && <div class="muted recommend-why">{why.slice(0, 5).join(" · ")}</div>}
          </li>
        ))}
      </ol>
    </section>
  );
}
