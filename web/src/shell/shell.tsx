import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { PAGES, type Page } from "../pages/index.ts";
import { Empty } from "../parts/empty.tsx";
import { ErrorNote } from "../parts/errorNote.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { EngineSwitch } from "./engineSwitch.tsx";
import { KeyPrompt } from "./keyPrompt.tsx";
import { LostBanner } from "./lostBanner.tsx";
import { linkTo, route } from "./route.ts";
import { theme, toggleTheme } from "./theme.ts";
import "./shell.css";

const opened = signal<{ name: string; Body?: ComponentType; failed?: unknown }>({ name: "" });

/** Header, navigation and the page that the address names. */
export function Shell() {
  const main = useRef<HTMLElement>(null);
  const asked = route.value.page;
  const current = asked === "" ? PAGES[0]! : PAGES.find(({ name }) => name === asked);
  useEffect(() => {
    document.title = `${current?.title ?? "Not found"} · Vicinal`;
    if (current !== undefined) open(current);
  }, [current]);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a place, yet the address belongs to the pages */}
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the page
      </a>
      <header class="top">
        <a class="brand" href={linkTo("explore")}>
          <img src="./icon.svg" alt="" width="26" height="26" />
          <span>Vicinal</span>
        </a>
        <nav aria-label="Pages">
          {PAGES.map(({ name, title, purpose }) => (
            <a
              key={name}
              href={linkTo(name)}
              title={purpose}
              aria-current={name === current?.name ? "page" : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <div class="top-tools">
          <EngineSwitch />
          <button
            type="button"
            class="quiet"
            onClick={toggleTheme}
            aria-label={theme.value === "dark" ? "Light colours" : "Dark colours"}
          >
            {theme.value === "dark" ? "☀" : "☾"}
          </button>
        </div>
      </header>
      <LostBanner />
      <KeyPrompt />
      <main id="main" ref={main} tabIndex={-1}>
        {current === undefined ? <NotFound asked={asked} /> : <Opened page={current} />}
      </main>
    </>
  );
}

function open(page: Page): void {
  const { name } = page;
  opened.value = { name };
  page.load().then(
    ({ default: Body }) => {
      if (opened.value.name === name) opened.value = { name, Body };
    },
    (failed: unknown) => {
      if (opened.value.name === name) opened.value = { name, failed };
    },
  );
}

function Opened({ page }: { readonly page: Page }) {
  const { name, Body, failed } = opened.value;
  if (failed !== undefined) return <ErrorNote error={failed} onRetry={() => open(page)} />;
  return Body === undefined || name !== page.name ? <Skeleton what={page.title} /> : <Body />;
}

function NotFound({ asked }: { readonly asked: string }) {
  return (
    <>
      <h1>Not found</h1>
      <Empty title={`There is no page “${asked}”.`}>
        <p>
          {PAGES.map(({ name, title, purpose }) => (
            <span class="shell-other" key={name}>
              <a href={linkTo(name)}>{title}</a> {purpose}
            </span>
          ))}
        </p>
      </Empty>
    </>
  );
}
