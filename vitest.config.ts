import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ["vicinal-source", "node"] },
  ssr: { resolve: { conditions: ["vicinal-source", "node"] } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    pool: "forks",
    // Vitest leaves one core free by default; with two that would be half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
export default config;
