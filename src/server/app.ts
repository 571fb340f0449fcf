import { Hono, type MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { Collections } from "./collections/registry.ts";
import { collectionRoutes } from "./collections/routes.ts";
import { hostGuard, originGuard } from "./guards/hosts.ts";
import { KeyGuard } from "./guards/key.ts";
import { jobRoutes } from "./jobRoutes.ts";
import { Jobs } from "./jobs.ts";
import { resolveServerLimits, type ServerLimits } from "./limits.ts";
import { Metrics } from "./metrics.ts";
import { openApiRoutes } from "./openapi.ts";
import { pictureRoutes } from "./pictures/routes.ts";
import { refuse, refuseError } from "./problem.ts";
import { qdrantRoutes } from "./qdrant/routes.ts";
import { recommendRoutes } from "./recommend/routes.ts";
import { overloaded } from "./refusal.ts";
import { createSets } from "./sets/context.ts";
import { setRoutes } from "./sets/routes.ts";
import { sweepRoutes } from "./sweeps/routes.ts";
import { readWebFiles, type WebFile } from "./webFiles.ts";

export interface AppOptions {
  /** Folder of data sets, as `--data` everywhere. */
  dataDir?: string;
  /** Folder for what was computed before; default the user's cache folder. */
  cacheDir?: string;
  /** Files of the web app; default: those beside the library. */
  webFiles?: ReadonlyMap<string, WebFile>;
  /** Wanted of every request but those for the web app's own files; default: none. */
  apiKey?: string;
  /** Address that is listened on, which with loopback's names are those the app answers to. Default 127.0.0.1. */
  host?: string;
  /** More names to answer to. */
  allowedHosts?: readonly string[];
  limits?: Partial<ServerLimits>;
}

/** All that the server answers, without a socket: `request(path)` is what tests call. */
export interface App {
  readonly hono: Hono;
  readonly jobs: Jobs;
  readonly collections: Collections;
  readonly limits: Readonly<ServerLimits>;
  readonly fetch: Hono["fetch"];
  readonly request: Hono["request"];
  /** Loads what the first page of the web app shows, so that it is there when a browser asks. */
  prepare(): Promise<void>;
  /** Stops long jobs; answers say from now on that their connection ends. */
  drain(): Promise<void>;
  /** Stops everything; what is still being answered fails. */
  close(): Promise<void>;
}

/** The app; {@link App.close} it, for it holds threads and timers. */
export async function createApp(options: AppOptions = {}): Promise<App> {
  const files = options.webFiles ?? (await readWebFiles());
  const limits = resolveServerLimits(options.limits);
  const jobs = new Jobs();
  const sets = createSets({ dataDir: options.dataDir, cacheDir: options.cacheDir }, jobs, limits);
  const key = new KeyGuard(options.apiKey);
  const collections = new Collections(limits, jobs);
  const metrics = new Metrics(collections);
  const gate = new Gate(limits.inFlight);
  const isApp = (method: string, path: string): boolean =>
    (method === "GET" || method === "HEAD") && (path === "/healthz" || fileAt(files, path) !== undefined);

  const hono = new Hono();
  hono.onError((error, context) => refuseError(context, error));
  hono.notFound((context) =>
    refuse(context, "NOT_FOUND", `There is nothing at ${context.req.path}; see /openapi.json.`),
  );
  hono.use(metrics.middleware());
  hono.use(securityHeaders());
  hono.use(hostGuard({ host: options.host ?? "127.0.0.1", allowed: options.allowedHosts ?? [] }));
  hono.use(originGuard(isApp));
  hono.use(key.middleware((method, path) => path === "/api/session" || isApp(method, path)));
  hono.use(gate.middleware());
  hono.get("/healthz", (context) => context.json({ status: "ok" }));
  hono.route("/api/session", key.routes());
  hono.route("/api/jobs", jobRoutes(jobs));
  hono.route("/api/sets", setRoutes(sets));
  hono.route("/api/sweeps", sweepRoutes(sets));
  hono.route("/api/collections", collectionRoutes({ collections, limits, metrics }));
  hono.route("/collections", qdrantRoutes({ collections, limits, metrics }));
  hono.route("/metrics", metrics.routes());
  hono.route("/openapi.json", openApiRoutes());
  hono.route("/api/recommend", recommendRoutes(sets));
  hono.route("/api/pictures", pictureRoutes({ dataDir: options.dataDir }));
  hono.get("*", async (context, next) => {
    const file = fileAt(files, context.req.path);
    if (file === undefined) return next();
    const cached = file.immutable ? "public, max-age=31536000, immutable" : "no-cache";
    return context.body(file.bytes, 200, { "content-type": file.type, "cache-control": cached });
  });
  const drain = (): Promise<void> => {
    gate.close();
    return jobs.close();
  };
  return {
    hono,
    jobs,
    collections,
    limits,
    fetch: hono.fetch,
    request: hono.request,
    prepare: async () => {
      await sets.library.list();
    },
    drain,
    close: async () => {
      await drain();
      sets.close();
      await collections.close();
      metrics.close();
    },
  };
}

function fileAt(files: ReadonlyMap<string, WebFile>, path: string): WebFile | undefined {
  return files.get(path === "/" ? "/index.html" : path);
}

/** How much is in the works, so that more than can be done is refused at once instead of late. */
class Gate {
  readonly #limit: number;
  #open = 0;
  #closing = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  middleware(): MiddlewareHandler {
    return async (context, next) => {
      if (this.#closing) context.header("connection", "close");
      if (this.#open >= this.#limit && context.req.path !== "/healthz") {
        throw overloaded(`${this.#open} requests are in the works`);
      }
      this.#open++;
      try {
        await next();
      } finally {
        this.#open--;
      }
    };
  }

  close(): void {
    this.#closing = true;
  }
}

function securityHeaders(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", "data:", "blob:"],
      workerSrc: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    // Pages may then share memory between threads.
    crossOriginOpenerPolicy: "same-origin",
    crossOriginEmbedderPolicy: "require-corp",
    strictTransportSecurity: false,
  });
}
