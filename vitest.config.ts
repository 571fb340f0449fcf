import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["vicinal-source", "node"] },
  ssr: { resolve: { conditions: ["vicinal-source", "node"] } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    pool: "forks",
  },
});
