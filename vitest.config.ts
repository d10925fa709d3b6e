import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx,mjs}"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Whole systems on simulated boards share two cores: files one after the other keep timings honest.
    fileParallelism: false,
  },
});
