import type { SetDetails } from "../../../../src/server/protocol.ts";
import { Picture } from "../../parts/picture.tsx";
import { titleOf } from "./picks.ts";
import { addressOf, type State } from "./state.ts";

const SHOWN = 10;

/** The rows one came by, each the way back to it. */
export function Walk({ state, set }: { readonly state: State; readonly set: SetDetails }) {
  const { walk, query } = state;
  if (walk.length === 0 || typeof query !== "number") return null;
  const from = Math.max(0, walk.length - SHOWN);
  return (
    <nav class="explore-walk" aria-label="Your walk">
      <ol>
        {from > 0 && <li class="muted">{from} more</li>}
        {walk.slice(from).map((row, i) => (
          <li class="explore-step" key={`${from + i}-${row}`}>
            <a class="explore-step" href={addressOf({ ...state, query: row, walk: walk.slice(0, from + i) })}>
              <Picture set={set} row={row} size={24} />
              {titleOf(set, row)}
            </a>
          </li>
        ))}
        <li class="explore-step" aria-current="location">
          <Picture set={set} row={query} size={24} />
          {titleOf(set, query)}
        </li>
      </ol>
    </nav>
  );
}
