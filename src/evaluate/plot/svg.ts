/** Attributes of an element; undefined ones are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element as text; children are markup already. */
export function tag(name: string, attributes: Attributes = {}, ...children: string[]): string {
  let open = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    open += ` ${key}="${escapeXml(typeof value === "number" ? coordinate(value) : value)}"`;
  }
  return children.length === 0 ? `${open}/>` : `${open}>${children.join("")}</${name}>`;
}

/** Text as XML content or attribute value; control characters and broken surrogates become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (c) => (c === "\n" || c === "\t" ? c : "\ufffd"))
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A mark for a series, by number, centred at (x, y); shape as well as colour tells series apart. */
export function marker(
  series: number,
  x: number,
  y: number,
  attributes: Attributes,
  ...children: string[]
): string {
  const r = 5;
  const polygon = (points: readonly (readonly [number, number])[]): string =>
    tag(
      "path",
      {
        d: `M${points.map(([a, b]) => `${coordinate(x + a)} ${coordinate(y + b)}`).join("L")}Z`,
        ...attributes,
      },
      ...children,
    );
  switch (series % 6) {
    case 0:
      return tag("circle", { cx: x, cy: y, r, ...attributes }, ...children);
    case 1:
      return polygon(
        [
          [-r, -r],
          [r, -r],
          [r, r],
          [-r, r],
        ].map(([a, b]) => [a! * 0.9, b! * 0.9]),
      );
    case 2:
      return polygon([
        [0, -r * 1.2],
        [r * 1.15, r * 0.85],
        [-r * 1.15, r * 0.85],
      ]);
    case 3:
      return polygon([
        [0, -r * 1.35],
        [r * 1.35, 0],
        [0, r * 1.35],
        [-r * 1.35, 0],
      ]);
    case 4:
      return polygon([
        [0, r * 1.2],
        [r * 1.15, -r * 0.85],
        [-r * 1.15, -r * 0.85],
      ]);
    default:
      return polygon(plus(r * 1.25, r * 0.45));
  }
}

function plus(a: number, b: number): [number, number][] {
  return [
    [-b, -a],
    [b, -a],
    [b, -b],
    [a, -b],
    [a, b],
    [b, b],
    [b, a],
    [-b, a],
    [-b, b],
    [-a, b],
    [-a, -b],
    [-b, -b],
  ];
}
