import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type App, type AppOptions, createApp } from "./app.ts";
import { PROBLEM_TYPE, problemOf } from "./problem.ts";
import { overloaded, Refusal } from "./refusal.ts";

export interface ServerOptions extends AppOptions {
  /** Default 127.0.0.1: this machine alone. */
  host?: string;
  /** Default 7700; 0 takes any that is free. */
  port?: number;
}

export interface RunningServer {
  /** Where it listens, as http://host:port. */
  readonly address: string;
  readonly app: App;
  /** Lets what is being answered end, then closes. */
  close(): Promise<void>;
}

/** Milliseconds between two looks for connections that take too long, or that have nothing more to say. */
const LOOK_MS = 1_000;

/** Serves the app over HTTP/1.1 on Node. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const { host = "127.0.0.1", port = 7700 } = options;
  const app = await createApp({ ...options, host });
  const server = makeServer(app);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    await app.close();
    throw error;
  }
  const at = server.address() as AddressInfo;
  const name = at.family === "IPv6" ? `[${at.address}]` : at.address;
  return { address: `http://${name}:${at.port}`, app, close: () => close(server, app) };
}

function makeServer(app: App): Server {
  const { limits } = app;
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: 30_000,
      connectionsCheckingInterval: LOOK_MS,
      // The app refuses a missing one itself, in the form of all refusals.
      requireHostHeader: false,
    },
    getRequestListener(app.fetch, { hostname: "none.invalid", errorHandler: () => malformed() }),
  );
  server.maxHeadersCount = 128;
  let connections = 0;
  server.on("connection", (socket) => {
    connections++;
    socket.once("close", () => connections--);
    if (connections > limits.connections) answerRaw(socket, overloaded("All connections are in use"));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) =>
    answerRaw(socket as Socket, refusalOf(error)),
  );
  // Upgrades to other protocols and tunnels are not offered.
  server.on("connect", (_, socket) =>
    answerRaw(socket as Socket, new Refusal("BAD_REQUEST", "This is no proxy.")),
  );
  return server;
}

/** A request of which not even a target can be made out. */
function malformed(): Response {
  const problem = problemOf(new Refusal("BAD_REQUEST", "The request's target or Host header makes no URL."));
  return new Response(JSON.stringify(problem), { status: 400, headers: { "content-type": PROBLEM_TYPE } });
}

function refusalOf(error: NodeJS.ErrnoException): Refusal {
  if (error.code === "HPE_HEADER_OVERFLOW") {
    return new Refusal("HEADERS_TOO_LARGE", "The headers are too large; send fewer or shorter ones.");
  }
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new Refusal("TIMED_OUT", "The request took too long to arrive.");
  }
  return new Refusal("BAD_REQUEST", "This is no HTTP request.");
}

/** Answers where there is no request to answer, and hangs up. */
function answerRaw(socket: Socket, refusal: Refusal): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(refusal);
  const body = JSON.stringify(problem);
  const headers = {
    ...refusal.headers,
    "content-type": PROBLEM_TYPE,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), LOOK_MS).unref();
}

/** Takes no new connections, lets what is under way end, and hangs up on what does not end in time. */
async function close(server: Server, app: App): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), LOOK_MS / 10);
  const patience = setTimeout(() => server.closeAllConnections(), app.limits.closeMs);
  await app.drain();
  await closed;
  await app.close();
  clearInterval(idle);
  clearTimeout(patience);
}
