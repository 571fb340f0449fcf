import { linkTo } from "../../shell/route.ts";

/** For those who see neighbours for the first time. */
export function About() {
  return (
    <details class="explore-about">
      <summary>What is this?</summary>
      <div>
        <p>
          Everything in a data set (a picture, a word, a book) is kept as a list of numbers. Two things are{" "}
          <b>near</b> when their numbers differ little, so the nearest ones are those most alike, in whatever
          way the numbers describe them. Search by pictures, recommendations and many classifiers are built on
          that.
        </p>
        <p>
          The sure way to find the nearest is to compare with <b>every</b> row: <i>exact</i> search. With
          millions of rows that is slow, so an <b>index</b> looks at a few promising rows only:{" "}
          <i>approximate</i> search. It is much faster, and now and then it misses one. The share it does find
          is its <b>recall</b>.
        </p>
        <p>
          Try it: click a neighbour to walk on from there; set the slider of an index to a small number, or
          choose <i>RaBitQ</i>, and see what is missed. How indexes do it is shown on{" "}
          <a href={linkTo("ideas")}>Ideas</a>; what is fastest at which recall, on{" "}
          <a href={linkTo("bench")}>Bench</a>.
        </p>
      </div>
    </details>
  );
}
