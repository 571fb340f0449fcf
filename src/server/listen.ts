import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { type AppOptions, createApp } from "./app.ts";

export interface ServerOptions extends AppOptions {
  /** Default 127.0.0.1: this machine alone. */
  host?: string;
  /** Default 7700; 0 takes any that is free. */
  port?: number;
}

export interface RunningServer {
  /** Where it listens, as http://host:port. */
  readonly address: string;
  /** Lets what is being answered end, then closes. */
  close(): Promise<void>;
}

/** Serves the app over HTTP/1.1 on Node. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const { host = "127.0.0.1", port = 7700 } = options;
  const app = await createApp(options);
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const at = server.address() as AddressInfo;
  const name = at.family === "IPv6" ? `[${at.address}]` : at.address;
  return {
    address: `http://${name}:${at.port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
