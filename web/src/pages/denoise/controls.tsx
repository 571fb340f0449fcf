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
        <label class="field denoise-sigma">
          <span>
            Noise σ <output class="number">{sigma.value}</output> of 255
          </span>
          <input
            type="range"
            min="5"
            max="75"
            value={sigma.value}
            onInput={(event) => {
              sigma.value = event.currentTarget.valueAsNumber;
              soon();
            }}
          />
        </label>
        <label class="field">
          Seed
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
        </label>
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
      <label class="field">
        Picture
        <select
          value={value}
          onChange={(event) => {
            const name = event.currentTarget.value;
            source.value =
              name === "drawn" ? { kind: "drawn" } : { kind: "sample", name: name.slice("sample:".length) };
            void load();
          }}
        >
          {from.kind === "file" && <option value="file">{from.file.name}</option>}
          {samples.value.map(({ name, title }) => (
            <option key={name} value={`sample:${name}`}>
              {title}
            </option>
          ))}
          <option value="drawn">drawn by this page</option>
        </select>
      </label>
      <label class="field">
        or one of yours; it stays on this machine
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
      </label>
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
      <label class="field">
        {network.value
          ? `Network of ${network.value.name}`
          : "Weights of a DnCNN or N3Net (safetensors, .pth, .t7)"}
        <input
          type="file"
          accept=".safetensors,.pth,.t7,.pt"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file !== undefined) void useNetwork(file);
          }}
        />
      </label>
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
