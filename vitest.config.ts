import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx,mjs}"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real processes on a shared machine may stall for seconds. At a desk a test that fails once has failed.
    retry: process.env["CI"] ? 1 : 0,
    // Whole systems on simulated boards share two cores: files one after the other keep timings honest.
    fileParallelism: false,
  },
});
