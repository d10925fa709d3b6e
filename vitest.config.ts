import { defineConfig } from "vitest/config";

/** Pictures, clocks of frames, whole fleets, what neighbours of an attack see: two of these at once would be judged by each other's load. */
const MEASURED = [
  "test/e2e/**",
  "test/native/*.test.ts",
  "test/camera/**",
  // Needs what is compiled beside the others.
  "test/arm64/**",
  "test/hub/attacks.test.ts",
];
const TESTS = "**/*.test.{ts,tsx,mjs}";

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real processes on a shared machine may stall for seconds. At a desk a test that fails once has failed.
    retry: process.env["CI"] ? 1 : 0,
    projects: [
      {
        extends: true,
        test: {
          name: "side by side",
          include: [`test/${TESTS}`],
          exclude: MEASURED,
          // Most of these wait for processes of their own: the longest take a third of a core each.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "one by one",
          include: MEASURED.map((folder) => folder.replace("**", TESTS)),
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
