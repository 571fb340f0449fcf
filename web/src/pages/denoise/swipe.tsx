import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { PictureCanvas } from "./canvas.tsx";
import type { FloatPicture } from "./pictures.ts";

interface Side {
  readonly title: string;
  readonly picture: FloatPicture;
}

/** Two pictures in one frame, parted by a line that one drags, or moves by the arrow keys. */
export function Swipe({ left, right }: { left: Side; right: Side }) {
  const at = useSignal(50);
  const id = useId();
  const move = (event: PointerEvent): void => {
    if (event.buttons === 0 && event.type !== "pointerdown") return;
    const frame = event.currentTarget as HTMLElement;
    const { left: from, width } = frame.getBoundingClientRect();
    at.value = Math.round(Math.min(100, Math.max(0, ((event.clientX - from) / width) * 100)));
    if (event.type === "pointerdown") frame.setPointerCapture(event.pointerId);
  };
  return (
    <figure class="swipe">
      <div class="swipe-frame" onPointerDown={move} onPointerMove={move}>
        <PictureCanvas picture={left.picture} title={left.title} />
        <div class="swipe-over" style={{ clipPath: `inset(0 0 0 ${at.value}%)` }}>
          <PictureCanvas picture={right.picture} title={right.title} />
        </div>
        <div class="swipe-line" style={{ left: `${at.value}%` }} aria-hidden="true" />
        <span class="swipe-name" aria-hidden="true">
          {left.title}
        </span>
        <span class="swipe-name swipe-right" aria-hidden="true">
          {right.title}
        </span>
      </div>
      <label class="field" for={id}>
        Part of the frame that shows “{left.title}”
        <input
          id={id}
          type="range"
          min="0"
          max="100"
          value={at.value}
          onInput={(event) => {
            at.value = event.currentTarget.valueAsNumber;
          }}
        />
      </label>
    </figure>
  );
}
