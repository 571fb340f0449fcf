import { MessageChannel } from "node:worker_threads";
import type { Progress, RunOptions } from "../../core/index.ts";
import { Engine } from "../engine/engine.ts";
import type { FileAsk } from "../engine/load.ts";
import type { CellFacts, Made } from "../engine/operations.ts";
import type { CellAnswer, CellRequest } from "../engine/request.ts";
import type { Jobs, Task } from "../jobs.ts";
import type { ServerLimits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import type { AuditAsk, BuildAsk, CreateAsk } from "./asks.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

/** What is told of a collection. */
export interface CollectionFacts extends CellFacts {
  readonly name: string;
  /** Whether a better index is being built beside the one that answers. */
  readonly building: boolean;
}

interface Entry {
  readonly name: string;
  /** Where it is held; undefined while its file is read. */
  at: { engine: Engine; cell: number } | undefined;
  building: boolean;
  /** Changes under way. */
  readonly changes: Set<Promise<unknown>>;
  /** Changes wait for this while one index takes the place of another. */
  hold: Promise<void> | undefined;
  /** What its index is to be once there are enough rows, if that was left to the server. */
  readonly wish: BuildAsk | undefined;
  /** Rows when an index was last built. */
  builtAt: number;
  pause: NodeJS.Timeout | undefined;
  /** Jobs about it, which end with it. */
  readonly jobs: Set<string>;
}

/**
 * Collections by name, each in a thread: small exact ones share one, every other has its own. A better index is built in
 * a new thread while the old one answers, and takes its place once changes made meanwhile were made there too.
 */
export class Collections {
  readonly #limits: Readonly<ServerLimits>;
  readonly #jobs: Jobs;
  readonly #entries = new Map<string, Entry>();
  readonly #engines = new Set<Engine>();
  #shared: Engine | undefined;
  #closed = false;

  constructor(limits: Readonly<ServerLimits>, jobs: Jobs) {
    this.#limits = limits;
    this.#jobs = jobs;
  }

  get count(): number {
    return this.#entries.size;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  async list(): Promise<CollectionFacts[]> {
    const ready = [...this.#entries.values()].filter(({ at }) => at !== undefined);
    return Promise.all(ready.map(({ name }) => this.facts(name)));
  }

  /** @throws Refusal COLLECTION_UNKNOWN, NOT_READY */
  async facts(name: string): Promise<CollectionFacts> {
    const entry = this.#find(name);
    const { engine, cell } = this.#at(entry);
    const facts = await engine.call<CellFacts>("facts", { cell });
    return { name, building: entry.building, ...facts };
  }

  /**
   * An empty collection. Left to choose, it searches exactly until there are rows worth an index, which is then as
   * `later` says.
   */
  async create(name: string, ask: CreateAsk, later?: BuildAsk): Promise<CollectionFacts> {
    const { index = "Flat", targetRecall, options } = ask;
    const chooses = index === "Auto" || targetRecall !== undefined;
    const wish = chooses ? (later ?? { index: ask.index ?? "Auto", targetRecall, options }) : undefined;
    const spec = chooses ? "Flat" : index;
    const entry = this.#reserve(name, wish);
    const engine = spec === "Flat" ? this.#sharedEngine() : this.#newEngine();
    try {
      const { cell } = await engine.call<Made>("create", {
        spec,
        ask: chooses ? { ...ask, options: undefined } : ask,
      });
      entry.at = { engine, cell };
    } catch (error) {
      this.#entries.delete(name);
      await this.#release(engine);
      throw error;
    }
    return this.facts(name);
  }

  /** A collection from a file: its bytes, or a path that the operator named. */
  async load(name: string, ask: FileAsk, run: RunOptions = {}): Promise<CollectionFacts> {
    const entry = this.#reserve(name, undefined);
    await this.#fill(entry, ask, run);
    return this.facts(name);
  }

  /** The same as a job, whose name is taken at once. */
  startLoad(name: string, ask: FileAsk): string {
    const entry = this.#reserve(name, undefined);
    try {
      return this.#jobs.start(`upload of ${name}`, async (run) => {
        await this.#fill(entry, ask, run);
        return this.facts(name);
      });
    } catch (error) {
      this.#entries.delete(name);
      throw error;
    }
  }

  async #fill(entry: Entry, ask: FileAsk, run: RunOptions): Promise<void> {
    const engine = this.#newEngine();
    try {
      const transfer = ask.bytes === undefined ? [] : [ask.bytes];
      const { cell, facts } = await engine.call<Made>("load", ask, { transfer, ...run });
      entry.builtAt = facts.size;
      entry.at = { engine, cell };
    } catch (error) {
      this.#entries.delete(entry.name);
      await this.#release(engine);
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    const entry = this.#find(name);
    const { engine, cell } = this.#at(entry);
    this.#entries.delete(name);
    clearTimeout(entry.pause);
    for (const job of entry.jobs) this.#jobs.cancel(job);
    // Where its thread has ended there is nothing to close.
    await engine.call("close", { cell }).catch(() => {});
    await this.#release(engine);
  }

  async configure(name: string, params: Readonly<Record<string, number>>): Promise<CollectionFacts> {
    const entry = this.#find(name);
    const { engine, cell } = this.#at(entry);
    await engine.call("configure", { cell, params });
    return this.facts(name);
  }

  /** A client's request about points; `changes` says whether it may change them. */
  async request(name: string, handler: string, request: CellRequest, changes: boolean): Promise<CellAnswer> {
    const entry = this.#find(name);
    while (changes && entry.hold !== undefined) await entry.hold;
    const { engine, cell } = this.#at(entry);
    const transfer = request.body === undefined ? [] : [request.body];
    const answering = engine.call<CellAnswer>("request", { cell, name: handler, request }, { transfer });
    if (!changes) return answering;
    entry.changes.add(answering);
    try {
      const answer = await answering;
      this.#buildSoon(entry, answer.points);
      return answer;
    } finally {
      entry.changes.delete(answering);
    }
  }

  /** The collection as the bytes of a .vic file. */
  file(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { engine, cell } = this.#at(this.#find(name));
    return engine.call("file", { cell });
  }

  startAudit(name: string, ask: AuditAsk): string {
    const entry = this.#find(name);
    const { engine, cell } = this.#at(entry);
    return this.#start(entry, `audit of ${name}`, (run) => engine.call("audit", { cell, ask }, run));
  }

  /** Builds another index of the same points beside, and puts it in the place of the one there is. */
  startBuild(name: string, ask: BuildAsk): string {
    const entry = this.#find(name);
    this.#at(entry);
    if (entry.building)
      throw new Refusal("BUILDING", `An index of ${name} is being built; wait for it, or cancel its job.`);
    entry.building = true;
    try {
      return this.#start(entry, `index of ${name}`, (run) => this.#build(entry, ask, run));
    } catch (error) {
      entry.building = false;
      throw error;
    }
  }

  /** A job about a collection. */
  #start<T>(entry: Entry, what: string, task: Task<T>): string {
    const job = this.#jobs.start(what, (run) => task(run).finally(() => entry.jobs.delete(job)));
    entry.jobs.add(job);
    return job;
  }

  async #build(
    entry: Entry,
    ask: BuildAsk,
    run: Required<RunOptions>,
  ): Promise<CollectionFacts & { seconds: number }> {
    const start = performance.now();
    const old = this.#at(entry);
    const engine = this.#newEngine();
    try {
      const facts = await old.engine.call<CellFacts>("facts", { cell: old.cell });
      if (!facts.keepsVectors) {
        throw new Refusal(
          "CODES_ONLY",
          `${entry.name} keeps codes, not vectors, so no other index can be built of it.`,
        );
      }
      const made = await this.#copyAndBuild(old, engine, facts, ask, run);
      await this.#catchUp(entry, old, { engine, cell: made.cell });
      entry.builtAt = facts.size;
    } catch (error) {
      await this.#release(engine);
      await old.engine.call("settle", { cell: old.cell }).catch(() => {});
      throw error;
    } finally {
      entry.building = false;
    }
    // What is still being answered there may end.
    await old.engine.call("close", { cell: old.cell });
    await this.#release(old.engine);
    return { ...(await this.facts(entry.name)), seconds: (performance.now() - start) / 1000 };
  }

  async #copyAndBuild(
    old: { engine: Engine; cell: number },
    engine: Engine,
    facts: CellFacts,
    ask: BuildAsk,
    { signal, onProgress }: Required<RunOptions>,
  ): Promise<Made> {
    const { port1, port2 } = new MessageChannel();
    const told = (progress: Progress): void =>
      onProgress(progress.phase === "copy" ? { ...progress, total: facts.size } : progress);
    const built = engine.call<Made>(
      "build",
      { port: port2, facts, ask },
      { transfer: [port2], signal, onProgress: told },
    );
    const sent = old.engine.call("send", { cell: old.cell, port: port1 }, { transfer: [port1] });
    const [made] = await Promise.all([built, sent]);
    return made;
  }

  /** Makes the changes of the meantime on the new index too, the last of them while new ones wait. */
  async #catchUp(
    entry: Entry,
    old: { engine: Engine; cell: number },
    now: { engine: Engine; cell: number },
  ): Promise<void> {
    const replay = async (): Promise<number> => {
      const changes = await old.engine.call<readonly unknown[]>("changes", { cell: old.cell });
      if (changes.length > 0) await now.engine.call("replay", { cell: now.cell, changes });
      return changes.length;
    };
    for (let round = 0; round < 8 && (await replay()) > 0; round++);
    let release = (): void => {};
    entry.hold = new Promise((resolve) => (release = resolve));
    try {
      await Promise.allSettled(entry.changes);
      await replay();
      if (this.#entries.get(entry.name) !== entry) throw unknownCollection();
      entry.at = now;
    } finally {
      entry.hold = undefined;
      release();
    }
  }

  /** Once changes pause, a collection that may choose gets an index if it has grown to twice what the last was built for. */
  #buildSoon(entry: Entry, points: number): void {
    clearTimeout(entry.pause);
    const { wish, builtAt, building, name } = entry;
    if (wish === undefined || building || points < Math.max(this.#limits.indexedRows, 2 * builtAt)) return;
    entry.pause = setTimeout(() => {
      if (this.#closed || this.#entries.get(name) !== entry || entry.building) return;
      try {
        this.startBuild(name, wish);
      } catch {
        // Too many jobs are under way: the next change tries again.
      }
    }, this.#limits.indexPauseMs).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { pause } of this.#entries.values()) clearTimeout(pause);
    await Promise.all([...this.#engines].map((engine) => engine.stop()));
  }

  #find(name: string): Entry {
    checkName(name);
    const entry = this.#entries.get(name);
    if (entry === undefined) throw unknownCollection();
    return entry;
  }

  #at(entry: Entry): { engine: Engine; cell: number } {
    if (entry.at !== undefined) return entry.at;
    throw new Refusal("NOT_READY", "The collection's file is still being read.", { "retry-after": "1" });
  }

  #reserve(name: string, wish: BuildAsk | undefined): Entry {
    checkName(name);
    if (this.#entries.has(name))
      throw new Refusal("COLLECTION_EXISTS", `There is a collection ${name} already.`);
    if (this.#entries.size >= this.#limits.collections) {
      throw new Refusal(
        "TOO_LARGE",
        `There are ${this.#entries.size} collections, as many as may be; delete one first.`,
      );
    }
    const entry: Entry = {
      name,
      at: undefined,
      building: false,
      hold: undefined,
      wish,
      builtAt: 0,
      pause: undefined,
      changes: new Set(),
      jobs: new Set(),
    };
    this.#entries.set(name, entry);
    return entry;
  }

  #newEngine(): Engine {
    const engine = new Engine(this.#limits);
    this.#engines.add(engine);
    return engine;
  }

  #sharedEngine(): Engine {
    if (this.#shared === undefined || this.#shared.hasEnded) this.#shared = this.#newEngine();
    return this.#shared;
  }

  /** Ends a thread that holds nothing any more. */
  async #release(engine: Engine): Promise<void> {
    if (engine === this.#shared) return;
    this.#engines.delete(engine);
    await engine.stop();
  }
}

function unknownCollection(): Refusal {
  return new Refusal(
    "COLLECTION_UNKNOWN",
    "There is no such collection; GET /api/collections lists those there are.",
  );
}

function checkName(name: string): void {
  if (NAME.test(name)) return;
  const rule = "letters, digits, - and _, of which the first is a letter or digit, at most 63";
  throw new Refusal("BAD_NAME", `The collection's name must be ${rule}.`);
}
