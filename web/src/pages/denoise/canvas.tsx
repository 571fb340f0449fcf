import { useEffect, useRef } from "preact/hooks";
import { drawPicture, type FloatPicture } from "./pictures.ts";

/** A picture of numbers, shown. */
export function PictureCanvas({ picture, title }: { picture: FloatPicture; title: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => drawPicture(canvas.current!, picture), [picture]);
  return <canvas ref={canvas} class="picture" role="img" aria-label={title} />;
}
