import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Select } from "../../parts/select.tsx";
import { Card } from "./card.tsx";
import { Controls } from "./controls.tsx";
import { METHODS } from "./methods.ts";
import { begin, clean, type Estimate, estimates, noisy, noisyLikeness, own, problem, stop } from "./model.ts";
import "./page.css";
import type { FloatPicture } from "./pictures.ts";
import { Swipe } from "./swipe.tsx";

/** The two that the large frame shows. */
const left = signal("noisy");
const right = signal("bm3d");

interface Shown {
  readonly name: string;
  readonly title: string;
  readonly picture: FloatPicture;
}

export default function DenoisePage() {
  useEffect(() => {
    void begin();
    return stop;
  }, []);
  const all = pictures();
  const options = all.map(({ name, title }) => ({ value: name, title }));
  const under = all.find(({ name }) => name === left.value) ?? all[0];
  const over = all.find(({ name }) => name === right.value) ?? all.at(-1);
  return (
    <>
      <h1>Denoise</h1>
      <p class="lead">
        A picture has many patches that look alike. Averaging a patch with its nearest neighbours keeps what
        they share and cancels the noise, which they do not. The methods below differ in how they choose
        neighbours and how they average.
      </p>
      <Controls />
      {problem.value && <p role="alert">{problem.value}</p>}
      {under && over && (
        <div class="denoise-stage">
          <div class="row">
            <Select
              label="Left"
              value={under.name}
              options={options}
              onChange={(name) => void (left.value = name)}
            />
            <Select
              label="Right"
              value={over.name}
              options={options}
              onChange={(name) => void (right.value = name)}
            />
          </div>
          <Swipe left={under} right={over} />
        </div>
      )}
      <Cards />
    </>
  );
}

/** Pictures that there are by now. */
function pictures(): Shown[] {
  const fixed: (Shown | undefined)[] = [
    clean.value && !own.value ? { name: "clean", title: "Clean", picture: clean.value } : undefined,
    noisy.value && { name: "noisy", title: "Noisy", picture: noisy.value },
  ];
  const made = estimates.value.map(({ method, picture }) =>
    picture === undefined ? undefined : { name: method, title: METHODS[method].title, picture },
  );
  return [...fixed, ...made].filter((each) => each !== undefined);
}

function Cards() {
  const best = Math.max(...estimates.value.map(({ likeness }) => likeness?.psnr ?? -Infinity));
  const card = (name: string) => ({ shown: right.value === name, onShow: () => void (right.value = name) });
  return (
    <section class="denoise-cards" aria-label="Pictures">
      {!own.value && <Card title="Clean" picture={clean.value} {...card("clean")} />}
      <Card title="Noisy" picture={noisy.value} likeness={noisyLikeness.value} {...card("noisy")} />
      {estimates.value.map((estimate) => (
        <Card
          key={estimate.method}
          title={METHODS[estimate.method].title}
          picture={estimate.picture}
          likeness={estimate.likeness}
          best={
            estimate.likeness !== undefined && estimate.likeness.psnr === best && estimates.value.length > 1
          }
          {...card(estimate.method)}
        >
          <Course estimate={estimate} />
        </Card>
      ))}
    </section>
  );
}

/** How far a method has come, or how long it took, and its idea. */
function Course({ estimate: { method, state, share, milliseconds, message } }: { estimate: Estimate }) {
  return (
    <>
      {state === "running" && (
        <progress value={share} max={1} aria-label={`Progress of ${METHODS[method].title}`} />
      )}
      {state === "waiting" && <span class="muted">waiting</span>}
      {state === "stopped" && <span class="muted">stopped</span>}
      {state === "failed" && <span class="denoise-failed">{message}</span>}
      {state === "done" && <span class="muted number">{(milliseconds! / 1000).toFixed(2)} s</span>}
      <span class="muted">{METHODS[method].idea}</span>
    </>
  );
}
