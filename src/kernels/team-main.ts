import type { WorkerPort } from "../platform/workers.ts";

/** A worker joins a team for good: it waits for jobs and never comes back to its messages. @internal */
export interface ServeMessage {
  readonly type: "serve";
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the team's control block, see TEAM. */
  readonly control: number;
  /** Number of this thread in the team, from 1; the thread that asks is 0. */
  readonly thread: number;
  /** Names of exports; a job has the number of one. */
  readonly names: readonly string[];
}

/**
 * The program of a member of a team. Its source text is what a worker is started from, so it refers to nothing
 * outside itself. The numbers are those of TEAM in team.ts.
 */
export function teamMain(port: WorkerPort): void {
  const before = port.onmessage;

  function serve({ module, memory, control, thread, names }: ServeMessage): void {
    const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<
      string,
      (...args: number[]) => unknown
    >;
    const shared = new Int32Array(memory.buffer, control, 128);
    const numbers = new Float64Array(memory.buffer, control + 64, 24);

    function work(): void {
      const [total, chunk, fn, count] = shared.subarray(2, 6) as unknown as [number, number, number, number];
      const run = exports[names[fn]!]!;
      const args = Array.from(numbers.subarray(0, count));
      const scratch = shared[64 + thread]!;
      for (;;) {
        const begin = Atomics.add(shared, 1, 1) * chunk;
        if (begin >= total) return;
        run(scratch, ...args, begin, Math.min(begin + chunk, total));
      }
    }

    Atomics.add(shared, 7, 1);
    /** The job that was worked on last. */
    let done = -1;
    for (let idle = 0; ; ) {
      const gate = Atomics.load(shared, 0);
      const job = gate >>> 9;
      if ((gate & 256) !== 0 || job === done) {
        // Looks for the next job for some ten microseconds before it sleeps.
        if (idle++ > 5000) Atomics.wait(shared, 0, gate);
        continue;
      }
      if (Atomics.compareExchange(shared, 0, gate, gate + 1) !== gate) continue;
      try {
        work();
      } catch {
        Atomics.store(shared, 6, 1);
      }
      done = job;
      idle = 0;
      // The last one out wakes whoever waits for that.
      if (((Atomics.sub(shared, 0, 1) - 1) & 255) === 0) Atomics.notify(shared, 0);
    }
  }

  port.onmessage = (event) => {
    const message = event.data as ServeMessage;
    if (message.type === "serve") serve(message);
    else before?.(event);
  };
}
