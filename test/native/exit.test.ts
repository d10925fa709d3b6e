import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FULL } from "../support/long-form.ts";
import { ADDON_PATH, Fixture, model } from "./addon.ts";
import { buildWitness, WITNESS_PATH, witnessEnv, witnessed } from "./witness.ts";

/** Of each way to go. */
const RUNS = FULL ? 200 : 15;

const fixture = new Fixture({ seconds: 2 });
const log = fixture.file("witness.log");
beforeAll(buildWitness);
afterAll(() => fixture.dispose());

/** Ends in the midst of work: after `ms` milliseconds of frames. */
function runAndExit(body: string, ms: number): { status: number | null; err: string } {
  const options = fixture.options({
    sources: [{ ...fixture.source, loop: true, realtime: false }],
    model: model(fixture.model, { runtimePath: WITNESS_PATH }),
    batchMs: 5,
  });
  const path = fixture.file("exit.cjs");
  const preamble = `const addon = require(${JSON.stringify(ADDON_PATH)});
const options = ${JSON.stringify(options)}; const ms = ${ms};\n`;
  writeFileSync(path, preamble + body);
  rmSync(log, { force: true });
  const { status, stderr } = spawnSync(process.execPath, [path], {
    encoding: "utf8",
    timeout: 25_000,
    env: witnessEnv(log),
  });
  return { status, err: stderr };
}

const WAYS: [string, string][] = [
  [
    "process.exit while frames flow",
    `addon.startPipeline(options, (m) => {
       if (m.type === "frames") setTimeout(() => process.exit(7), ms);
     });`,
  ],
  [
    "an exception that nobody catches",
    `process.on("uncaughtException", () => process.exit(7));
     addon.startPipeline(options, (m) => { if (m.type === "frames") throw new Error("mine"); });`,
  ],
  [
    "process.exit during a swap",
    `addon.startPipeline(options, () => {}).then((p) => {
       p.swapModel(options.model).catch(() => {});
       setTimeout(() => process.exit(7), ms);
     });`,
  ],
  [
    "process.exit while a model is tested",
    `addon.testModel(options.model).catch(() => {}); setTimeout(() => process.exit(7), ms);`,
  ],
];

describe("nothing is inferred after the runtime is gone", () => {
  test.each(WAYS)(
    "%s",
    (_, body) => {
      for (let run = 0; run < RUNS; run += 1) {
        expect(runAndExit(body, run % 7)).toEqual({ status: 7, err: "" });
        expect(witnessed(log).filter((line) => line.startsWith("runs"))).toEqual([]);
      }
    },
    RUNS * 8000, // with sanitizers on a busy machine; alone it is 0.15 s each
  );
});
