import type { ComponentChildren } from "preact";
import { PictureCanvas } from "./canvas.tsx";
import type { FloatPicture } from "./pictures.ts";
import type { Likeness } from "./protocol.ts";

interface CardProps {
  readonly title: string;
  readonly picture?: FloatPicture;
  readonly likeness?: Likeness;
  readonly best?: boolean;
  readonly shown: boolean;
  onShow(): void;
  readonly children?: ComponentChildren;
}

/** One picture with its name and numbers; choosing it puts it into the large frame. */
export function Card({ title, picture, likeness, best, shown, onShow, children }: CardProps) {
  return (
    <figure class="denoise-card">
      <button
        type="button"
        class="denoise-pick"
        aria-label={`${title}, show large`}
        aria-pressed={shown}
        onClick={onShow}
        disabled={!picture}
      >
        {picture ? (
          <PictureCanvas picture={picture} title={`${title}, show large`} />
        ) : (
          <span class="denoise-blank" />
        )}
      </button>
      <figcaption>
        <strong>{title}</strong>
        {best && <span class="denoise-best"> best PSNR</span>}
        {likeness && (
          <span class="number">
            {likeness.psnr.toFixed(2)} dB · SSIM {likeness.ssim.toFixed(3)}
          </span>
        )}
        {children}
      </figcaption>
    </figure>
  );
}
