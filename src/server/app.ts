import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { refuse, refuseError } from "./problem.ts";
import { setRoutes } from "./sets/routes.ts";
import { readWebFiles, type WebFile } from "./webFiles.ts";

export interface AppOptions {
  /** Folder of data sets, as `--data` everywhere. */
  dataDir?: string;
  /** Folder for what was computed before; default the user's cache folder. */
  cacheDir?: string;
  /** Files of the web app; default: those beside the library. */
  webFiles?: ReadonlyMap<string, WebFile>;
}

/** All that the server answers, without a socket: `app.request(path)` is what tests call. */
export async function createApp(options: AppOptions = {}): Promise<Hono> {
  const files = options.webFiles ?? (await readWebFiles());
  const app = new Hono();
  app.use(
    secureHeaders({
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
    }),
  );
  app.onError((error, context) => refuseError(context, error));
  app.notFound((context) =>
    refuse(context, 404, "NOT_FOUND", `There is nothing at ${context.req.path}; see /openapi.json.`),
  );
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.route("/api/sets", setRoutes({ dataDir: options.dataDir, cacheDir: options.cacheDir }));
  app.get("*", async (context, next) => {
    const path = context.req.path === "/" ? "/index.html" : context.req.path;
    const file = files.get(path);
    if (file === undefined) return next();
    const cached = file.immutable ? "public, max-age=31536000, immutable" : "no-cache";
    return context.body(file.bytes, 200, { "content-type": file.type, "cache-control": cached });
  });
  return app;
}
