import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Collections } from "./collections/registry.ts";

/** Seconds; a search takes well below a millisecond, an upload minutes. */
const BUCKETS = [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** Of the clock that watches the event loop; a wait of one tick is none. */
const RESOLUTION_MS = 10;

/** What /metrics tells, in Prometheus's form. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"method" | "route" | "status">;
  readonly #seconds: Histogram<"route">;
  readonly #searches: Counter;
  readonly #engine: Counter;
  readonly #loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor(collections: Collections) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: "vicinal_requests_total",
      help: "Requests answered.",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "vicinal_request_seconds",
      help: "Seconds from a request's headers to its answer.",
      labelNames: ["route"],
      buckets: BUCKETS,
      registers,
    });
    this.#searches = new Counter({ name: "vicinal_searches_total", help: "Queries answered.", registers });
    this.#engine = new Counter({
      name: "vicinal_engine_seconds_total",
      help: "Seconds spent searching.",
      registers,
    });
    this.#gauges(collections);
    this.#loop.enable();
  }

  #gauges(collections: Collections): void {
    const registers = [this.#registry];
    const loop = this.#loop;
    new Gauge({
      name: "vicinal_collections",
      help: "Collections held.",
      registers,
      collect() {
        this.set(collections.count);
      },
    });
    const bytes = new Gauge({
      name: "vicinal_collection_bytes",
      help: "Memory of a collection's index.",
      labelNames: ["collection"],
      registers,
    });
    new Gauge({
      name: "vicinal_points",
      help: "Points of a collection.",
      labelNames: ["collection"],
      registers,
      async collect() {
        this.reset();
        bytes.reset();
        for (const facts of await collections.list()) {
          this.set({ collection: facts.name }, facts.size);
          bytes.set({ collection: facts.name }, facts.bytes);
        }
      },
    });
    new Gauge({
      name: "vicinal_resident_bytes",
      help: "Memory of the whole process.",
      registers,
      collect() {
        this.set(process.memoryUsage.rss());
      },
    });
    new Gauge({
      name: "vicinal_event_loop_lag_seconds",
      help: "Delay of the loop that answers HTTP since the last look.",
      labelNames: ["quantile"],
      registers,
      collect() {
        for (const quantile of [50, 99, 100]) {
          const waited = loop.percentile(quantile) / 1e9 - RESOLUTION_MS / 1000;
          this.set({ quantile: quantile / 100 }, Math.max(0, waited));
        }
        loop.reset();
      },
    });
  }

  /** Counts every request by its route as written in the program: paths would be without number. */
  middleware(): MiddlewareHandler {
    return async (context, next) => {
      const start = performance.now();
      await next();
      const route = routePath(context);
      const status = String(context.res.status);
      this.#requests.inc({ method: context.req.method, route, status });
      this.#seconds.observe({ route }, (performance.now() - start) / 1000);
    };
  }

  searched({ queries, seconds }: { queries: number; seconds: number }): void {
    this.#searches.inc(queries);
    this.#engine.inc(seconds);
  }

  routes(): Hono {
    const app = new Hono();
    app.get("/", async (context: Context) =>
      context.body(await this.#registry.metrics(), 200, { "content-type": this.#registry.contentType }),
    );
    return app;
  }

  close(): void {
    this.#loop.disable();
    this.#registry.clear();
  }
}
