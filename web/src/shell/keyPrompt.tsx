import { useEffect, useRef } from "preact/hooks";
import { keyWanted } from "../client/index.ts";
import { Field } from "../parts/field.tsx";
import "./keyPrompt.css";

/** Asks for the key of a server that wants one; requests wait meanwhile. */
export function KeyPrompt() {
  const question = keyWanted.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (question !== undefined) dialog.current?.showModal();
  }, [question]);
  if (question === undefined) return null;
  const { wrong, answer } = question;
  return (
    <dialog class="key-prompt" ref={dialog} aria-labelledby="key-prompt-title" onCancel={() => answer()}>
      <form
        method="dialog"
        onSubmit={(event) => answer(String(new FormData(event.currentTarget).get("key")).trim())}
      >
        <h2 id="key-prompt-title">This server wants a key</h2>
        <p class="muted">Whoever started it has set one. It is asked for once until the browser is closed.</p>
        {wrong && <p role="alert">That was not it.</p>}
        <Field label="Key">
          <input name="key" type="password" autocomplete="off" required />
        </Field>
        <div class="row">
          <button type="submit" class="main">
            Use this key
          </button>
          <button type="button" onClick={() => answer()}>
            Without
          </button>
        </div>
      </form>
    </dialog>
  );
}
