import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { PAGES } from "../pages/index.ts";
import { linkTo, route } from "./route.ts";
import { theme, toggleTheme } from "./theme.ts";

const opened = signal<{ name: string; Body?: ComponentType; failed?: string }>({ name: "" });

/** Header, navigation and the page that the address names. */
export function Shell() {
  const current = PAGES.find(({ name }) => name === route.value.page) ?? PAGES[0]!;
  useEffect(() => {
    document.title = `${current.title} · Vicinal`;
    opened.value = { name: current.name };
    current.load().then(
      ({ default: Body }) => {
        if (opened.value.name === current.name) opened.value = { name: current.name, Body };
      },
      (error: unknown) => {
        opened.value = { name: current.name, failed: String(error) };
      },
    );
  }, [current]);
  const { Body, failed } = opened.value;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="top">
        <a class="brand" href={linkTo("explore")}>
          <img src="./icon.svg" alt="" width="28" height="28" />
          <span>Vicinal</span>
        </a>
        <nav aria-label="Pages">
          {PAGES.map(({ name, title, purpose }) => (
            <a
              key={name}
              href={linkTo(name)}
              title={purpose}
              aria-current={name === current.name ? "page" : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <button
          type="button"
          class="quiet"
          onClick={toggleTheme}
          aria-label={theme.value === "dark" ? "Light colours" : "Dark colours"}
        >
          {theme.value === "dark" ? "☀" : "☾"}
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        {failed !== undefined && <p role="alert">This page could not be loaded: {failed}</p>}
        {Body === undefined && failed === undefined ? <p class="muted">Loading…</p> : Body && <Body />}
      </main>
    </>
  );
}
