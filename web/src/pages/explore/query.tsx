import { useEffect, useRef, useState } from "preact/hooks";
import type { SetDetails } from "../../../../src/server/protocol.ts";
import { Button } from "../../parts/button.tsx";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Picture } from "../../parts/picture.tsx";
import { TypeAhead } from "../../parts/typeAhead.tsx";
import { useArrowKeys } from "../../parts/useArrowKeys.ts";
import { useFileDrop } from "../../parts/useFileDrop.ts";
import { ownPicture, readPicture } from "./ownPicture.ts";
import { mainProperty, spreadRows, titleOf, valueIn } from "./picks.ts";
import { addressOf, change, type State } from "./state.ts";

interface QueryProps {
  readonly state: State;
  readonly set: SetDetails;
  readonly query: number | "picture";
  /** Whether a picture from outside can be asked about in the space chosen. */
  readonly takesPictures: boolean;
}

/** What is asked about, and the ways to ask about something else. */
export function Query({ state, set, query, takesPictures }: QueryProps) {
  return (
    <aside class="explore-query panel" aria-label="Query">
      <Shown set={set} query={query} />
      {set.titles && (
        <TypeAhead
          label={set.kind === "words" ? "Type a word" : "Find by name"}
          texts={set.titles}
          placeholder={`for example “${titleOf(set, spreadRows(set.count, 2, 3)[1] ?? 0)}”`}
          detail={(row) => valueIn(mainProperty(set), row)}
          onChoose={(row) => change({ query: row, walk: [] })}
        />
      )}
      {takesPictures && <OwnPicture set={set} />}
      <Picks state={state} set={set} />
    </aside>
  );
}

function Shown({ set, query }: { readonly set: SetDetails; readonly query: number | "picture" }) {
  const own = ownPicture.value;
  if (query === "picture") {
    return (
      <div class="explore-shown">
        {own && <img class="picture" src={own.shown} alt="" width="112" height="112" />}
        <div>
          <h2>{own?.name ?? "Your picture"}</h2>
          <p class="muted">Your own, as the data set would have it. It stays on this machine.</p>
        </div>
      </div>
    );
  }
  return (
    <div class="explore-shown">
      <Picture set={set} row={query} size={112} />
      <div>
        <h2>{titleOf(set, query)}</h2>
        {set.properties.map((property) => {
          const value = valueIn(property, query);
          if (value === undefined || value === set.titles?.[query]) return null;
          return (
            <p class="muted" key={property.name}>
              {property.name}: {value}
            </p>
          );
        })}
      </div>
    </div>
  );
}

/** Drop, choose or paste a picture. */
function OwnPicture({ set }: { readonly set: SetDetails }) {
  const [error, setError] = useState<unknown>();
  const chooser = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined | null): Promise<void> => {
    if (!file) return;
    setError(undefined);
    try {
      ownPicture.value = await readPicture(file, set);
      change({ query: "picture", walk: [] });
    } catch (failed) {
      setError(failed);
    }
  };
  const drop = useFileDrop((files) => void take(files[0]));
  useEffect(() => {
    const onPaste = ({ clipboardData }: ClipboardEvent): void => {
      const file = [...(clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (file !== undefined) void take(file);
    };
    addEventListener("paste", onPaste);
    return () => removeEventListener("paste", onPaste);
  });
  return (
    <>
      <div class={drop.isOver ? "explore-drop over" : "explore-drop"} {...drop.handlers}>
        <Button onClick={() => chooser.current?.click()}>Choose a picture</Button>
        <span class="muted">or drop or paste one here</span>
        <input
          ref={chooser}
          type="file"
          accept="image/*"
          hidden
          onChange={(event) => {
            void take(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </div>
      <ErrorNote error={error} />
    </>
  );
}

const PICKS = 24;
const WORDS = 12;

/** A few rows from all over the set. */
function Picks({ state, set }: { readonly state: State; readonly set: SetDetails }) {
  const [round, setRound] = useState(0);
  const keys = useArrowKeys<HTMLDivElement>();
  const pictures = set.sheets !== undefined;
  const rows = spreadRows(set.count, pictures ? PICKS : WORDS, round);
  return (
    <div class="explore-picks">
      <div class="explore-picks-head">
        <h2>Or pick one</h2>
        <Button kind="quiet" onClick={() => setRound(round + 1)}>
          Show others
        </Button>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a group of links, not of form controls */}
      <div {...keys} role="group" aria-label="Rows to pick" class={pictures ? "pictures" : "words"}>
        {rows.map((row) => (
          <a
            key={row}
            href={addressOf({ ...state, query: row, walk: [] })}
            class={pictures ? "explore-pick-picture" : "explore-pick-word"}
            title={titleOf(set, row)}
            aria-current={row === state.query ? "true" : undefined}
          >
            {pictures ? (
              <Picture set={set} row={row} size={40} label={titleOf(set, row)} />
            ) : (
              titleOf(set, row)
            )}
          </a>
        ))}
      </div>
    </div>
  );
}
