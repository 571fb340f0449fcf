export { type App, type AppOptions, createApp } from "./app.ts";
export { type RunningServer, type ServerOptions, startServer } from "./listen.ts";
