import type { JobProgress, NeighboursAnswer, NeighboursRequest } from "../../../../src/server/protocol.ts";
import type { Vectors } from "../source.ts";

/** From the page to its engine. A task is answered by messages of the same number. */
export type ToEngine =
  | { readonly kind: "hold"; readonly space: string; readonly vectors: Vectors }
  | {
      readonly kind: "neighbours";
      readonly task: number;
      readonly space: string;
      readonly request: NeighboursRequest;
    }
  | { readonly kind: "stop"; readonly task: number };

/** From the engine to the page. */
export type FromEngine =
  | { readonly kind: "progress"; readonly task: number; readonly progress: JobProgress }
  | { readonly kind: "answer"; readonly task: number; readonly answer: NeighboursAnswer }
  | { readonly kind: "failed"; readonly task: number; readonly code: string; readonly message: string };
