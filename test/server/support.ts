import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { afterAll } from "vitest";
import { type RunningServer, type ServerOptions, startServer } from "../../src/server/index.ts";
import type { WebFile } from "../../src/server/webFiles.ts";

/** A page that stands for the web app. */
export const PAGE = "<!doctype html><title>app</title>";

const FILES: ReadonlyMap<string, WebFile> = new Map([
  [
    "/index.html",
    { bytes: new TextEncoder().encode(PAGE), type: "text/html; charset=utf-8", immutable: false },
  ],
]);

/** A server on a free port of this machine for one test file. */
export async function serve(options: ServerOptions = {}): Promise<RunningServer> {
  const server = await startServer({ port: 0, webFiles: FILES, ...options });
  afterAll(() => server.close());
  return server;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly json: unknown;
}

export interface Asked {
  method?: string;
  headers?: Record<string, string | undefined>;
  body?: string | Uint8Array;
}

/** A request with exactly these headers, which fetch() would not send. */
export function ask(
  address: string,
  path: string,
  { method = "GET", headers = {}, body }: Asked = {},
): Promise<Answer> {
  const { hostname, port } = new URL(address);
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, path, method, headers: given as Record<string, string> },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          resolve({ status: response.statusCode!, headers: response.headers, bytes, json: jsonOf(bytes) });
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** What comes back for raw bytes on a connection of their own; empty where it is only closed. */
export function askRaw(address: string, bytes: string | Uint8Array, waitMs = 3000): Promise<string> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    const end = (): void => {
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(end, waitMs);
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      end();
    });
    socket.write(bytes);
  });
}
