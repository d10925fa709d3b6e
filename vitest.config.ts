import { defineConfig } from "vitest/config";

/** Whole fleets: most of their time is waiting for boards and engines. A third at once would miss their limits. */
const SYSTEMS = ["test/e2e/**"];
/** Pictures, clocks of frames, what neighbours of an attack see: two of these at once would be judged by each other's load. */
const MEASURED = [
  // All but one that counts boxes, whatever time it takes.
  "test/native/!(clip-colours).test.ts",
  "test/camera/**",
  // Needs what is compiled beside the others.
  "test/arm64/**",
  "test/hub/attacks.test.ts",
];
const TESTS = "**/*.test.{ts,tsx,mjs}";

const tests = (folders: string[]) => folders.map((folder) => folder.replace("**", TESTS));

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
          exclude: [...SYSTEMS, ...MEASURED],
          // Most of these wait for processes of their own: the longest take a third of a core each.
          // Native tests are compiled meanwhile.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "two by two",
          include: tests(SYSTEMS),
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "one by one",
          include: tests(MEASURED),
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
