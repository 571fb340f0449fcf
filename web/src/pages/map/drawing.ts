import { batch, effect } from "@preact/signals";
import { theme } from "../../shell/theme.ts";
import type { Atlas } from "./atlas.ts";
import { paint } from "./colouring.ts";
import { createRenderer } from "./renderer.ts";

/** Name of the measures of User Timing that frames leave: script and upload of each. */
const FRAME = "map frame";
const KEPT_FRAMES = 500;

/**
 * Draws the map whenever something that shows changes, once a frame at most. Returns what ends it; undefined where the
 * browser has no WebGL2.
 */
export function startDrawing(canvas: HTMLCanvasElement, atlas: Atlas): (() => void) | undefined {
  const renderer = createRenderer(canvas);
  if (renderer === undefined) return undefined;
  let frame = 0;
  let drawn = 0;
  const draw = (): void => {
    frame = 0;
    const start = performance.now();
    if (atlas.size.peek().width > 0) renderer.draw(atlas.view.peek(), atlas.size.peek(), devicePixelRatio);
    if (++drawn % KEPT_FRAMES === 0) performance.clearMeasures(FRAME);
    performance.measure(FRAME, { start, end: performance.now() });
  };
  const later = (): void => {
    frame ||= requestAnimationFrame(draw);
  };
  const ends = [
    effect(() => {
      const chart = atlas.chart.value;
      renderer.setPlaces(chart?.places ?? new Float32Array(), chart?.order ?? new Uint32Array());
      later();
    }),
    effect(() => {
      const colouring = atlas.colouring.value;
      if (colouring === undefined) return;
      const rgba = paint(colouring, atlas.hidden.value, atlas.gathered.value, theme.value);
      renderer.setColours(rgba);
      canvas.dataset["drawn"] = `${rgba.filter((value, i) => (i & 3) === 3 && value > 0).length}`;
      later();
    }),
    effect(() => {
      atlas.view.value;
      atlas.size.value;
      later();
    }),
  ];
  canvas.addEventListener("redraw", later);
  return () => {
    batch(() => {
      for (const end of ends) end();
    });
    cancelAnimationFrame(frame);
    canvas.removeEventListener("redraw", later);
    renderer.close();
  };
}
