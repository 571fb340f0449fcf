import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { linkTo, route } from "../../shell/route.ts";
import { IDEAS, type IdeaEntry } from "./registry.ts";
import "./ideas.css";

interface Opened {
  readonly entry: IdeaEntry;
  readonly Body?: ComponentType;
  readonly failed?: string;
}

/** The page that teaches: a list of ideas and the one that the address names. */
export default function IdeasPage() {
  const wanted = route.value.params.get("idea");
  const entry = IDEAS.find(({ name }) => name === wanted) ?? IDEAS[0]!;
  const [opened, setOpened] = useState<Opened>({ entry });
  useEffect(() => {
    let current = true;
    entry.load().then(
      ({ default: Body }) => current && setOpened({ entry, Body }),
      (error: unknown) => current && setOpened({ entry, failed: String(error) }),
    );
    return () => {
      current = false;
    };
  }, [entry]);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    // Where the list is a strip, the current idea is brought into it; the page itself does not move.
    const strip = list.current!;
    const link = strip.querySelector<HTMLElement>("[aria-current]");
    if (link !== null) strip.scrollLeft = link.offsetLeft - strip.offsetLeft - 40;
  }, [entry]);
  const { Body, failed } = opened.entry === entry ? opened : {};
  const [file, title] = entry.docs;
  return (
    <div class="ideas">
      <h1 class="ideas-title">Ideas</h1>
      <nav class="ideas-list" aria-label="Ideas">
        <ol ref={list}>
          {IDEAS.map(({ name, title }) => (
            <li key={name}>
              <a
                href={linkTo("ideas", { idea: name })}
                aria-current={name === entry.name ? "page" : undefined}
              >
                {title}
              </a>
            </li>
          ))}
        </ol>
      </nav>
      <article class="ideas-body" aria-labelledby="idea-title">
        <h2 id="idea-title">{entry.title}</h2>
        {failed !== undefined && <p role="alert">This idea could not be loaded: {failed}</p>}
        {Body === undefined ? (
          failed === undefined && <p class="muted">Loading…</p>
        ) : (
          <Body key={entry.name} />
        )}
        <p class="ideas-docs">
          Further: <a href={`./docs/${file}`}>{title}</a>
        </p>
      </article>
    </div>
  );
}
