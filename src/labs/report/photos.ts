import { plotLines } from "../../evaluate/index.ts";
import { machineLine } from "../machine.ts";
import { count, minutes, neighbours, share } from "../numbers.ts";
import type { PhotosLabResults } from "../photos/results.ts";
import { facts, type Html, page, paragraph, section, svgFigure, table, text } from "./html.ts";
import { type PictureRow, pictureRows } from "./pictureRows.ts";
import { pictureStyle } from "./sheet.ts";

/** Pictures for the report that its numbers do not hold. */
export interface PhotoPictures {
  readonly size: number;
  readonly pictures: readonly Uint8Array[];
  readonly rows: readonly PictureRow[];
}

const right = "right" as const;
const METRICS = { l2: "L2", cosine: "cosine" } as const;

/** The report on photographs. */
export function photosPage(results: PhotosLabResults, shown: PhotoPictures): string {
  const { machine, train, test, validation, seed, threads, quick, network } = results;
  const [pixels, learned] = results.spaces;
  const lead =
    `<p>Which photographs are alike? By their pixels, those of the same colours in the same places. By what a small network learned in ${text(minutes(network.trainSeconds))}, those that show the same kind of thing.</p>` +
    `<p class="quiet">${text(machineLine(machine))}; ${count(train)} photographs of 32 × 32 to search, ${count(validation)} of them kept out of learning, ${count(test)} to ask for; seed ${seed}, ${threads} thread${threads === 1 ? "" : "s"}${quick ? "; quick run" : ""}; ${text(minutes(results.seconds))} in all.</p>` +
    facts([
      {
        value: share(pixels!.chosen.accuracy, 3),
        label: `told by ${neighbours(pixels!.chosen.k)} in pixels`,
      },
      {
        value: share(learned!.chosen.accuracy, 3),
        label: `told by ${neighbours(learned!.chosen.k)} among ${learned!.dimension} features`,
      },
      { value: share(pixels!.mapAtR, 3), label: "MAP@R of pixels" },
      { value: share(learned!.mapAtR, 3), label: "MAP@R of features" },
    ]);
  return page(
    "Photographs that are alike",
    lead,
    [scoreSection(results), neighbourSection(shown), methodSection(results)],
    pictureStyle(shown),
  );
}

function scoreSection({ spaces, network, test, train, classes }: PhotosLabResults): Html {
  const rows = spaces.map((space) => [
    `${text(space.name)}<br><small>${count(space.dimension)} numbers, ${METRICS[space.metric]}</small>`,
    `${share(space.chosen.accuracy, 3)} <small>k = ${space.chosen.k}</small>`,
    ...[1, 5, 10].map((k) => share(space.recall[k]!, 3)),
    share(space.rPrecision, 3),
    share(space.mapAtR, 3),
  ]);
  const columns = [
    { title: "space" },
    { title: "k-NN accuracy", align: right },
    ...[1, 5, 10].map((k) => ({ title: `recall@${k}`, align: right, wide: k !== 1 })),
    { title: "R-precision", align: right, wide: true },
    { title: "MAP@R", align: right },
  ];
  const curves = spaces.map(({ name, accuracy }) => ({
    name,
    points: accuracy.map(({ k, accuracy: y }) => ({ x: k, y })),
  }));
  return section(
    "scores",
    "How often the nearest show the same kind of thing",
    table(
      columns,
      rows,
      `${count(test)} test photographs among ${count(train)}, ${classes.length} kinds; chance is ${share(1 / classes.length, 2)}`,
    ),
    paragraph(
      text(
        `The network itself, through its last layer, tells ${share(network.test, 3)} of the test photographs. Recall@k asks for one right neighbour, MAP@R for a whole kind at the top of the list.`,
      ),
    ),
    svgFigure(
      plotLines(curves, {
        title: "Accuracy as k grows",
        xTitle: "k",
        yTitle: "Share of test photographs told rightly",
        yScale: "linear",
        height: 420,
      }),
      text("Exact search in both spaces."),
    ),
  );
}

function neighbourSection({ rows }: PhotoPictures): Html {
  return section(
    "neighbours",
    "Photographs with their nearest",
    paragraph(
      text(
        "The first test photograph of each kind, with its ten nearest by pixels above and by features below. Red frames mark another kind. Below each stands its distance: L2 over values from 0 to 255, and 1 − cosine.",
      ),
    ),
    pictureRows(rows),
  );
}

function methodSection({ network, validation }: PhotosLabResults): Html {
  return section(
    "method",
    "How it was done",
    `<ul>
<li>Network: ${text(network.layers)}; ${count(network.parameters)} numbers learned in ${network.epochs} epochs, ${text(minutes(network.cpuSeconds))} of CPU time over all threads, by softmax and cross-entropy. The features are what stands before its last layer.</li>
<li>While it learns, photographs are mirrored, shifted and cut out of at random.</li>
<li>${count(validation)} photographs, drawn by the seed, take no part in learning; k is chosen on them. They are searched like the others.</li>
<li>Data: CIFAR-10 (Krizhevsky, 2009), from copies kept as JPEG.</li>
</ul>`,
  );
}
