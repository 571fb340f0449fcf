import { availableParallelism, cpus, totalmem } from "node:os";

/** What the numbers were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly threads: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly system: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || "unknown processor",
    threads: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    system: `${process.platform} ${process.arch}`,
  };
}

export function machineLine({ cpu, threads, memoryGiB, node, system }: Machine): string {
  const count = threads === 1 ? "1 thread" : `${threads} threads`;
  return `${cpu}, ${count}, ${memoryGiB} GiB, ${system}, Node ${node.replace(/^v/, "")}`;
}

/** Threads for work that is not measured one query at a time: all there are, up to four. */
export function workThreads(): number {
  return Math.min(4, availableParallelism());
}
