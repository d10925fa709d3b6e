import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

/** Whole fleets, and agents with real inference: a third at once would miss their limits, and lose frames where they must not. */
const SYSTEMS = ["test/e2e/**", "test/agent/native-(runtime|secondary).test.ts"];
/** Without a state of the process that another file could meet. Starting a process for each takes as long as they do. */
const PURE = [
  "test/boards/**",
  "test/fleet/!(ssh)/**",
  "test/house/**",
  "test/models/**",
  "test/plan/**",
  "test/agent/*/**",
  "test/cli/setup/**",
];
/** Boxes, exits and open files are counted, whatever time it takes. A core is what they take. */
const COUNTED_NATIVE = "clip-colours|exit|growth|lifecycle|odd-inputs|regions|skipped-clip";
const COUNTED = [`test/native/(${COUNTED_NATIVE}).test.ts`, "test/camera/scene.test.ts"];
/** Pictures, clocks of frames, what neighbours of an attack see: two of these at once would be judged by each other's load. */
const MEASURED = [
  `test/native/!(${COUNTED_NATIVE}).test.ts`,
  "test/camera/camera.test.ts",
  // Needs what is compiled beside the others.
  "test/arm64/**",
  "test/hub/attacks.test.ts",
  "test/agent/native-budget.test.ts",
];
const TESTS = "**/*.test.{ts,tsx,mjs}";

const tests = (folders: string[]) => folders.map((folder) => folder.replace("**", TESTS));

/** Projects of what `npm test` runs in the time that "side by side" leaves: see cli/setup/test-run.mjs. */
const inTheGaps = { maxWorkers: 2, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    // A process that starts in half a second alone may take ten beside all others.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Real processes on a shared machine may stall for seconds. At a desk a test that fails once has failed.
    retry: process.env["CI"] ? 1 : 0,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "side by side",
          include: [`test/${TESTS}`],
          exclude: [...SYSTEMS, ...PURE, ...COUNTED, ...MEASURED],
          // Most wait for processes of their own: the longest take a third of a core each.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "counted", include: COUNTED, ...inTheGaps },
      },
      {
        extends: true,
        test: { name: "in one process", include: tests(PURE), isolate: false, ...inTheGaps },
      },
      {
        extends: true,
        test: {
          name: "two by two",
          include: tests(SYSTEMS),
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "one by one",
          include: tests(MEASURED),
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
