/** The part of cli-progress 3.12 that is used here; the package brings no types of its own. */
declare module "cli-progress" {
  export interface Options {
    format?: string;
    barCompleteChar?: string;
    barIncompleteChar?: string;
    clearOnComplete?: boolean;
    hideCursor?: boolean;
    fps?: number;
    barsize?: number;
    stream?: NodeJS.WritableStream;
  }
  export class SingleBar {
    constructor(options: Options);
    start(total: number, startValue: number, payload?: object): void;
    update(value: number, payload?: object): void;
    setTotal(total: number): void;
    stop(): void;
  }
  const cliProgress: { SingleBar: typeof SingleBar };
  export default cliProgress;
}
