import { Field } from "../../parts/field.tsx";
import { Select } from "../../parts/select.tsx";
import { Slider } from "../../parts/slider.tsx";
import { METHODS } from "./methods.ts";
import {
  chosen,
  colour,
  estimates,
  load,
  network,
  own,
  samples,
  seed,
  sigma,
  source,
  stop,
  useNetwork,
  work,
} from "./model.ts";
import type { Method } from "./protocol.ts";

let pause: ReturnType<typeof setTimeout> | undefined;

/** Starts anew a moment after the last change, so that a slider may be dragged. */
function soon(): void {
  clearTimeout(pause);
  pause = setTimeout(() => void work(), 200);
}

/** What is denoised, of how much noise, and by which methods. */
export function Controls() {
  const busy = estimates.value.some(({ state }) => state === "running" || state === "waiting");
  return (
    <form class="panel denoise-controls" onSubmit={(event) => event.preventDefault()}>
      <div class="row">
        <PictureChoice />
        <Slider
          label={`Noise σ, of 255`}
          min={5}
          max={75}
          value={sigma.value}
          onInput={(value) => {
            sigma.value = value;
            soon();
          }}
        />
        <Field label="Seed">
          <input
            type="number"
            min="0"
            max="99999"
            value={seed.value}
            disabled={own.value}
            onInput={(event) => {
              if (!Number.isInteger(event.currentTarget.valueAsNumber)) return;
              seed.value = event.currentTarget.valueAsNumber;
              soon();
            }}
          />
        </Field>
        <button type="button" onClick={busy ? stop : () => void work()}>
          {busy ? "Stop" : "Run again"}
        </button>
      </div>
      <div class="row denoise-checks">
        <Check
          label="the picture has this noise already"
          value={own.value}
          onChange={(is) => (own.value = is)}
        />
        <Check
          label="colour"
          value={colour.value}
          onChange={(is) => {
            colour.value = is;
            void load();
          }}
        />
        <Methods />
      </div>
    </form>
  );
}

function PictureChoice() {
  const from = source.value;
  const value = from.kind === "sample" ? `sample:${from.name}` : from.kind;
  return (
    <>
      <Select
        label="Picture"
        value={value}
        options={[
          ...(from.kind === "file" ? [{ value: "file", title: from.file.name }] : []),
          ...samples.value.map(({ name, title }) => ({ value: `sample:${name}`, title })),
          { value: "drawn", title: "drawn by this page" },
        ]}
        onChange={(name) => {
          if (name === "file") return;
          source.value =
            name === "drawn" ? { kind: "drawn" } : { kind: "sample", name: name.slice("sample:".length) };
          void load();
        }}
      />
      <Field label="or one of yours; it stays on this machine">
        <input
          type="file"
          accept="image/*"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file === undefined) return;
            source.value = { kind: "file", file };
            void load();
          }}
        />
      </Field>
    </>
  );
}

function Methods() {
  const all: Method[] = ["nlm", "bm3d", ...(network.value ? [network.value.method] : [])];
  const toggle = (method: Method, is: boolean): void => {
    chosen.value = all.filter((each) => (each === method ? is : chosen.value.includes(each)));
    void work();
  };
  return (
    <>
      {all.map((method) => (
        <Check
          key={method}
          label={METHODS[method].title}
          value={chosen.value.includes(method)}
          onChange={(is) => toggle(method, is)}
        />
      ))}
      <Field
        label={
          network.value
            ? `Network of ${network.value.name}`
            : "Weights of a DnCNN or N3Net (safetensors, .pth, .t7)"
        }
      >
        <input
          type="file"
          accept=".safetensors,.pth,.t7,.pt"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file !== undefined) void useNetwork(file);
          }}
        />
      </Field>
    </>
  );
}

interface CheckProps {
  readonly label: string;
  readonly value: boolean;
  onChange(is: boolean): void;
}

function Check({ label, value, onChange }: CheckProps) {
  return (
    <label class="denoise-check">
      <input
        type="checkbox"
        checked={value}
        onChange={(event) => {
          onChange(event.currentTarget.checked);
          soon();
        }}
      />
      {label}
    </label>
  );
}
