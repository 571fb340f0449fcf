import { useState } from "preact/hooks";
import { retryServer, serverLost } from "../client/index.ts";
import { Button } from "../parts/button.tsx";
import "./lostBanner.css";

/** Says that the server no longer answers, until it does. */
export function LostBanner() {
  const [trying, setTrying] = useState(false);
  if (!serverLost.value) return null;
  const retry = async (): Promise<void> => {
    setTrying(true);
    await retryServer();
    setTrying(false);
  };
  return (
    <div class="lost-banner" role="alert">
      <span>The server does not answer. What is shown stays; start it again to go on.</span>
      <Button disabled={trying} onClick={() => void retry()}>
        {trying ? "Trying…" : "Try again"}
      </Button>
    </div>
  );
}
