import type { ShelfDetails } from "../../../../src/server/protocol.ts";
import { listShelves, openShelf, source } from "../../client/index.ts";
import { Empty } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Select } from "../../parts/select.tsx";
import { TypeAhead } from "../../parts/typeAhead.tsx";
import { useWork } from "../../parts/useWork.ts";
import { linkTo, route } from "../../shell/route.ts";
import { ItemMap } from "./itemMap.tsx";
import "./page.css";
import { Similar } from "./similar.tsx";

const go = (shelf: string, item?: number): void => {
  location.hash = linkTo("recommend", item === undefined ? { shelf } : { shelf, item });
};

export default function RecommendPage() {
  const byPage = source.value.engine === "page";
  const { value: shelves, error, again } = useWork(() => (byPage ? undefined : listShelves()), [byPage]);
  const atHand = shelves?.filter(({ missing }) => missing === undefined) ?? [];
  const asked = route.value.params.get("shelf");
  const shelf = atHand.find(({ name }) => name === asked) ?? atHand[0];
  return (
    <>
      <h1>Recommend</h1>
      <p class="lead">
        Things that go with the same other things come to lie near each other: books whose pages link to the
        same pages, artists whom the same people hear. Whoever likes one is shown its nearest neighbours, and
        why they are near.
      </p>
      {byPage && (
        <Empty title="Recommendations are learned by the server.">Start it by: npx vicinal serve</Empty>
      )}
      <ErrorNote error={error} onRetry={again} />
      {shelves?.length === 0 && <Empty title="The server has no shelf to recommend from." />}
      {shelves
        ?.filter(({ missing }) => missing !== undefined)
        .map(({ name, title, missing }) => (
          <Empty key={name} title={`${title}: not at hand.`}>
            <p>{missing}</p>
          </Empty>
        ))}
      {shelf && (
        <>
          {atHand.length > 1 && (
            <div class="row">
              <Select
                label="Shelf"
                value={shelf.name}
                options={atHand.map(({ name, title }) => ({ value: name, title }))}
                onChange={(name) => go(name)}
              />
            </div>
          )}
          <Shelf key={shelf.name} name={shelf.name} title={shelf.title} />
        </>
      )}
    </>
  );
}

/** A shelf, once it is learned. */
function Shelf({ name, title }: { name: string; title: string }) {
  const { value, error, pending, progress, cancel, again } = useWork(
    (waiting) => openShelf(name, waiting),
    [name],
  );
  if (pending) return <Progress what={`Preparing: ${title}`} progress={progress} onCancel={cancel} />;
  if (value === undefined) {
    return (
      <>
        <ErrorNote error={error} onRetry={again} />
        <button type="button" onClick={again}>
          Prepare {title}
        </button>
      </>
    );
  }
  return <Browse shelf={value} />;
}

/** One thing of the shelf, what is near it, and where. */
function Browse({ shelf }: { shelf: ShelfDetails }) {
  const { name, titles, thing, note, credits } = shelf;
  const asked = Number(route.value.params.get("item") ?? Number.NaN);
  const item = Number.isInteger(asked) && asked >= 0 && asked < titles.length ? asked : undefined;
  const values = (at: number): string[] =>
    shelf.properties.flatMap(({ of, values }) => (of[at]! < 0 ? [] : [values[of[at]!]!]));
  return (
    <>
      <div class="recommend-find">
        <TypeAhead
          label={`Which ${thing} do you like?`}
          placeholder={`for example ${titles[0]}`}
          texts={titles}
          detail={(place) => values(place)[0]}
          onChoose={(place) => go(name, place)}
        />
        <button type="button" onClick={() => go(name, Math.floor(Math.random() * titles.length))}>
          Any {thing}
        </button>
      </div>
      <p class="muted">{note}</p>
      {item !== undefined && (
        <>
          <h2 class="recommend-item">
            {titles[item]} <small class="muted">{values(item).join(" · ")}</small>
          </h2>
          <Similar shelf={shelf} item={item} onChoose={(place) => go(name, place)} />
        </>
      )}
      <ItemMap shelf={shelf} item={item} onChoose={(place) => go(name, place)} />
      {credits.length > 0 && <p class="muted recommend-credits">{credits.join(" ")}</p>}
    </>
  );
}
