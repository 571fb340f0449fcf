import { expect, test } from "vitest";
import * as node from "./workers.node.ts";
import * as web from "./workers.web.ts";

test("both platforms offer the same functions for workers", () => {
  expect(Object.keys(web).sort()).toEqual(Object.keys(node).sort());
});

test("Node has threads and at least one processor", () => {
  expect(node.threadsSupported()).toBe(true);
  expect(node.processorCount()).toBeGreaterThanOrEqual(1);
});
