import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { Empty } from "../../parts/empty.tsx";
import { ALL, type Atlas } from "./atlas.ts";
import { startDrawing } from "./drawing.ts";
import { createGestures, zoomBy } from "./gestures.ts";
import { HoverCard } from "./hoverCard.tsx";
import { Marks } from "./marks.tsx";
import { Pictures } from "./pictures.tsx";
import "./stage.css";

/** The map itself: points by WebGL, marks and pictures above them. */
export function Stage({ atlas }: { readonly atlas: Atlas }) {
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const gestures = useMemo(() => createGestures(atlas), [atlas]);
  const [isDrawn, setDrawn] = useState(true);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      atlas.size.value = { width, height };
    });
    observer.observe(stage.current!);
    const end = startDrawing(canvas.current!, atlas);
    setDrawn(end !== undefined);
    const detach = gestures.attach(stage.current!);
    return () => {
      observer.disconnect();
      detach();
      end?.();
    };
  }, [atlas, gestures]);
  const { chart, tool } = atlas;
  const title = chart.value === undefined ? "Map" : `Map of ${chart.value.details.title}`;
  return (
    <div class="map-frame">
      <div
        ref={stage}
        class={`map-stage ${tool.value === "lasso" ? "map-stage-lasso" : ""}`}
        role="application"
        aria-label={title}
        aria-describedby="map-keys"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application is interactive
        tabIndex={0}
      >
        <canvas ref={canvas} />
        <Pictures atlas={atlas} />
        <Marks atlas={atlas} outline={gestures.outline} />
        <HoverCard atlas={atlas} />
      </div>
      {!isDrawn && (
        <div class="map-missing">
          <Empty title="This browser draws no WebGL2.">
            <p>The points cannot be shown; finding rows, their neighbours and the lists below still work.</p>
          </Empty>
        </div>
      )}
      <Tools atlas={atlas} />
    </div>
  );
}

function Tools({ atlas }: { readonly atlas: Atlas }) {
  const { tool, aim } = atlas;
  const choose = (chosen: "move" | "lasso") => () => {
    tool.value = chosen;
  };
  return (
    <div class="map-tools" role="toolbar" aria-label="Map tools">
      <Button label="Move: drag to pull the map" pressed={tool.value === "move"} onClick={choose("move")}>
        ✥
      </Button>
      <Button
        label="Lasso: drag around points to list them"
        pressed={tool.value === "lasso"}
        onClick={choose("lasso")}
      >
        ◌
      </Button>
      <Button label="Closer" onClick={() => zoomBy(atlas, 1.6)}>
        +
      </Button>
      <Button label="Farther" onClick={() => zoomBy(atlas, 1 / 1.6)}>
        −
      </Button>
      <Button
        label="Show all of it"
        disabled={aim.value === ALL}
        onClick={() => {
          aim.value = ALL;
        }}
      >
        ⤢
      </Button>
    </div>
  );
}
