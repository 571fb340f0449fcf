import type { RankedRows, SetDetails } from "../../../../src/server/protocol.ts";
import { short } from "../../parts/format.ts";
import { Picture } from "../../parts/picture.tsx";
import { useArrowKeys } from "../../parts/useArrowKeys.ts";
import { mainProperty, titleOf, valueIn } from "./picks.ts";
import { type State, stepTo } from "./state.ts";
import "./neighbourList.css";

interface NeighbourListProps {
  readonly state: State;
  readonly set: SetDetails;
  readonly title: string;
  readonly ranked: RankedRows;
  /** Rows to be marked, and the word that marks them. */
  readonly marked?: ReadonlySet<number> | undefined;
  readonly mark?: string;
}

/** Neighbours in order, each a link that walks there. */
export function NeighbourList({ state, set, title, ranked, marked, mark = "" }: NeighbourListProps) {
  const keys = useArrowKeys<HTMLOListElement>();
  const property = mainProperty(set);
  return (
    <ol {...keys} class="neighbour-list" aria-label={title}>
      {ranked.rows.map((row, i) => {
        const isMarked = marked?.has(row) === true;
        const name = titleOf(set, row);
        return (
          <li key={row} class={isMarked ? "marked" : ""}>
            <a href={stepTo(state, row)} title={`${name}: walk on from here`} data-row={row}>
              <Picture set={set} row={row} size={64} />
              <span class="neighbour-name">{name}</span>
              {set.titles && <span class="neighbour-kind">{valueIn(property, row)}</span>}
              <span class="neighbour-distance number">{short(ranked.distances[i]!)}</span>
              {isMarked && <span class="neighbour-mark">{mark}</span>}
            </a>
          </li>
        );
      })}
    </ol>
  );
}
