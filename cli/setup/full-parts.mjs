// The long campaigns of `npm run test:full`, each to be run alone: `npm run test:full -- NAME`.

import { SetupError } from "./errors.mjs";

/**
 * @typedef {object} FullPart
 * @property {string} what
 * @property {number} minutes on two cores that have nothing else to do
 * @property {string[]} [files] of vitest, from the clone's root
 * @property {string} [make] target of native/Makefile
 * @property {boolean} [boards] what is built for aarch64 boards is needed, and a system to run it in
 */

/** @type {Readonly<Record<string, FullPart>>} */
export const FULL_PARTS = {
  kills: {
    what: "300 kills of the agent at random; fewer rounds of five: JETFLEET_TEST_ROUNDS",
    minutes: 25,
    files: ["test/agent/kill-campaign.test.ts"],
  },
  cuts: {
    what: "power cuts at each named point of an update",
    minutes: 8,
    files: ["test/agent/power-cuts.test.ts", "test/agent/secondary.test.ts"],
  },
  builds: {
    what: "builds of engines: killed at several points, on a full disk, altered afterwards",
    minutes: 2,
    files: ["test/agent/building.test.ts"],
  },
  "own-backend": {
    what: "TensorRT's backend compiled by an agent with the machine's own compiler, against TensorRT-RTX's headers",
    minutes: 2,
    files: ["test/agent/silicon-engine.test.ts"],
  },
  exports: {
    what: "models as others published them, fetched from their packages: previewed, run on a video, deployed to a board",
    minutes: 8,
    files: ["test/native/foreign-exports.test.ts", "test/e2e/foreign-exports.test.ts"],
  },
  stacks: {
    what: "the real Pulumi engine on a provider: lives of stacks, interrupted ten times",
    minutes: 20,
    files: [
      "test/infra/engine/components.test.ts",
      "test/infra/engine/interrupted.test.ts",
      "test/infra/engine/lifecycle.test.ts",
      "test/infra/engine/options.test.ts",
      "test/infra/engine/table.test.ts",
      "test/infra/provider/pc-container.test.ts",
      "test/infra/provider/slow-ssh.test.ts",
      "test/infra/provider/way-back.test.ts",
    ],
  },
  sdks: {
    what: "SDKs that Pulumi generates: Python's is tried, Go's compiled; generators are built where there are none",
    minutes: 8,
    files: ["test/infra/sdk/languages.test.ts", "test/infra/programs/examples.test.ts"],
  },
  mishaps: {
    what: "the real Pulumi engine and a board behind OpenSSH: stopped, rebooted, killed, replaced, full",
    minutes: 5,
    files: ["test/infra/engine/mishaps.test.ts"],
  },
  clocks: {
    what: "±5 h, 1970 and 2099 in each state of an update",
    minutes: 3,
    files: ["test/agent/clock-campaign.test.ts"],
  },
  "agent-disk": {
    what: "no room and a broken disk at each call of the agent; a sixth: JETFLEET_TEST_SHARE=1/6",
    minutes: 18,
    files: ["test/agent/disk-faults.test.ts"],
  },
  "hub-disk": {
    what: "the same at each call of the hub, and of SQLite",
    minutes: 5,
    files: ["test/hub/disk-faults.test.ts", "test/hub/history/disk-faults.test.ts"],
  },
  attacks: {
    what: "what neighbours see while the hub is attacked",
    minutes: 8,
    files: ["test/hub/attacks.test.ts"],
  },
  fuzz: {
    what: "10,000 connections with mutated MQTT",
    minutes: 3,
    files: ["test/hub/hostile-bytes.test.ts"],
  },
  cameras: {
    what: "the zoo of hostile cameras",
    minutes: 4,
    files: ["test/native/hostile-cameras.test.ts"],
  },
  arm64: {
    what: "what is built for boards, on an emulated system of theirs: agent, model, boxes, pulumi up",
    minutes: 12,
    files: ["test/arm64/arm64.test.ts", "test/arm64/board.test.ts", "test/arm64/tensorrt.test.ts"],
    boards: true,
  },
  colours: {
    what: "boxes of five real clips in every matrix and range against ffmpeg's own RGB",
    minutes: 2,
    files: ["test/native/clip-colours.test.ts"],
  },
  growth: {
    what: "1,000 starts, swaps and failing starts without growing",
    minutes: 10,
    files: ["test/native/growth.test.ts"],
  },
  exchanges: {
    what: "models of every family that one has files of, exchanged over eight real files",
    minutes: 2,
    files: ["test/native/swap.test.ts"],
  },
  exits: {
    what: "200 exits of a process that runs pipelines, in four ways",
    minutes: 20,
    files: ["test/native/exit.test.ts"],
  },
  systems: {
    what: "whole systems in full: updates, sources and secondary models that come and go, errors, outages of minutes, slow builds cut ten times, 50 programs",
    minutes: 63,
    files: [
      "test/e2e/changing-pipeline.test.ts",
      "test/e2e/errors/pipeline.test.ts",
      "test/e2e/first-light.test.ts",
      "test/e2e/update.test.ts",
      "test/e2e/robustness/outages.test.ts",
      "test/e2e/building.test.ts",
      "test/e2e/programs.test.ts",
    ],
  },
  threads: { what: "native tests under the thread sanitizer", minutes: 5, make: "tsan" },
  memory: { what: "native tests under the address sanitizer", minutes: 10, make: "asan" },
  binding: { what: "the addon under the address sanitizer", minutes: 10, make: "asan-binding" },
  tidy: { what: "clang-tidy", minutes: 20, make: "tidy" },
};

/** How long all else takes, which is what `npm test` runs. */
const SHORT_MINUTES = 30;

/**
 * The part that the arguments name alone; undefined when they are vitest's.
 * @param {string[]} args
 * @returns {FullPart | undefined}
 */
export function partNamed(args) {
  const [name = ""] = args;
  if (args.length !== 1 || name.includes("/") || name.startsWith("-")) return undefined;
  const part = Object.hasOwn(FULL_PARTS, name) ? FULL_PARTS[name] : undefined;
  if (part) return part;
  throw new SetupError(
    "USAGE",
    `expected a part of the full tests or a path, got ${JSON.stringify(name)}`,
    `One of: ${Object.keys(FULL_PARTS).join(", ")}`,
  );
}

/** What is about to run, and how long that takes. */
export function fullPlan() {
  const parts = Object.entries(FULL_PARTS);
  const minutes = parts.reduce((sum, [, part]) => sum + part.minutes, SHORT_MINUTES);
  const lines = parts.map(
    ([name, part]) => `  ${name.padEnd(11)} ${String(part.minutes).padStart(3)} min  ${part.what}`,
  );
  return [
    `All tests in their full form: about ${(minutes / 60).toFixed(1)} h on two cores.`,
    "One part alone: npm run test:full -- NAME",
    ...lines,
  ].join("\n");
}
