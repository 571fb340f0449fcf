import type { MiddlewareHandler } from "hono";
import { Refusal } from "../refusal.ts";

export interface HostOptions {
  /** Address that the server listens on. */
  host: string;
  /** Names under which its operator lets it be reached, such as that of a proxy. */
  allowed: readonly string[];
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;
const EVERYWHERE = new Set(["0.0.0.0", "::"]);

/**
 * Refuses requests under names that are not this server's: a page of another site that has its own name point here
 * (DNS rebinding) is otherwise of the same origin to a browser. Bare addresses cannot be made to point elsewhere, so
 * a server that listens on all of them answers to any.
 */
export function hostGuard({ host, allowed }: HostOptions): MiddlewareHandler {
  const own = new Set([host, `[${host}]`, ...allowed].map((name) => name.toLowerCase()));
  const anyAddress = EVERYWHERE.has(host);
  return async (context, next) => {
    const given = context.req.header("host") ?? new URL(context.req.url).host;
    const name = given.toLowerCase().replace(/:\d{1,5}$/, "");
    if (!LOOPBACK.test(name) && !own.has(name) && !(anyAddress && ADDRESS.test(name))) {
      throw new Refusal(
        "HOST_REFUSED",
        "This server does not answer to the name in the Host header; its operator can allow it with --allow-host.",
      );
    }
    return next();
  };
}

/** Refuses what pages of other sites ask, beyond opening the app itself, which `isPublic` tells. */
export function originGuard(isPublic: (method: string, path: string) => boolean): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context;
    if (isPublic(req.method, req.path)) return next();
    const origin = req.header("origin");
    const host = req.header("host") ?? new URL(req.url).host;
    const foreign = origin !== undefined && !isSame(origin, host);
    const site = req.header("sec-fetch-site");
    const crossSite = site === "cross-site" || site === "same-site";
    if (foreign || (crossSite && origin === undefined)) {
      throw new Refusal("ORIGIN_REFUSED", "Pages of other origins may not use this server.");
    }
    return next();
  };
}

/** Behind a proxy that speaks TLS the page's own scheme is https. */
function isSame(origin: string, host: string): boolean {
  const match = /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase());
  return match !== null && match[1] === host.toLowerCase();
}
