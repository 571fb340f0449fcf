import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { VicinalError } from "../../core/index.ts";
import { Refusal } from "../refusal.ts";

const COOKIE = "vicinal_session";

/**
 * Who may ask: holders of the key, sent as `Authorization: Bearer …` or `api-key: …`, and pages of the app whose user has
 * given it to /api/session, by a cookie that scripts cannot read and other sites do not send.
 */
export class KeyGuard {
  readonly #digest: Buffer | undefined;
  /** Made anew with every start, so that sessions end with the server. */
  readonly #session: string;

  /** @throws VicinalError OPTION_RANGE for a key that no header could hold */
  constructor(key: string | undefined) {
    if (key !== undefined && !/^[!-~]([ -~]*[!-~])?$/.test(key)) {
      const rule = "ASCII that a header can hold: at least one character, no space at either end";
      throw new VicinalError("OPTION_RANGE", { option: "apiKey", got: `${key.length} characters`, rule });
    }
    this.#digest = key === undefined ? undefined : digestOf(key);
    this.#session = createHmac("sha256", randomBytes(32))
      .update(key ?? "")
      .digest("base64url");
  }

  /** Refuses everything but what `isPublic` names; no byte of a body has been read by then. */
  middleware(isPublic: (method: string, path: string) => boolean): MiddlewareHandler {
    return async (context, next) => {
      if (!isPublic(context.req.method, context.req.path) && !this.#admits(context)) throw keyNeeded();
      return next();
    };
  }

  /** POST /api/session with the key in its headers opens a session of the web app, DELETE ends it. */
  routes(): Hono {
    const app = new Hono();
    app.get("/", (context) =>
      context.json({ keyNeeded: this.#digest !== undefined, admitted: this.#admits(context) }),
    );
    app.post("/", (context) => {
      if (!this.#admits(context)) throw keyNeeded();
      context.header("set-cookie", `${COOKIE}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`);
      return context.body(null, 204);
    });
    app.delete("/", (context) => {
      context.header("set-cookie", `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`);
      return context.body(null, 204);
    });
    return app;
  }

  #admits({ req }: Context): boolean {
    if (this.#digest === undefined) return true;
    const bearer = /^Bearer (.+)$/i.exec(req.header("authorization") ?? "")?.[1];
    const given = bearer ?? req.header("api-key");
    if (given !== undefined) return timingSafeEqual(digestOf(given), this.#digest);
    const cookie = new RegExp(`(?:^|; )${COOKIE}=([^;]+)`).exec(req.header("cookie") ?? "")?.[1];
    return cookie !== undefined && timingSafeEqual(digestOf(cookie), digestOf(this.#session));
  }
}

/** Digests have one length whatever the key, so that comparing them takes one time. */
function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function keyNeeded(): Refusal {
  return new Refusal(
    "KEY_NEEDED",
    "This server wants its key: send it as Authorization: Bearer KEY, or as api-key: KEY.",
    { "www-authenticate": "Bearer" },
  );
}
