/** The worker's side: answers each input by `work`. */
export function answer<In, Out>(work: (input: In) => Out): void {
  addEventListener("message", ({ data }: MessageEvent<In>) => postMessage(work(data)));
}
