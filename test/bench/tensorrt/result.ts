import { z } from "zod";
import type { BenchResult } from "../bench.ts";

const Step = z.object({
  step: z.string(),
  tookSeconds: z.number().optional(),
  result: z.record(z.string(), z.unknown()),
});

/** Of a machine where the library does not open nothing is known. */
const Where = z.object({
  device: z.string().default("unknown"),
  vendorVersion: z.string().default("unknown"),
});

/** What `run` writes. */
const Run = z.object({
  name: z.literal("tensorrt"),
  date: z.iso.datetime(),
  driver: z.string(),
  steps: z.array(Step),
});
export type Run = z.infer<typeof Run>;

export function parseRun(text: string): Run {
  return Run.parse(JSON.parse(text));
}

/** The answer of a step; an empty one when it is not there. */
export function answerOf(run: Run, step: string): Record<string, unknown> {
  return run.steps.find((one) => one.step === step)?.result ?? {};
}

/** A row for each step, and what the run is read for. */
export function resultOf(run: Run, file: string): BenchResult {
  const ratios: Record<string, number> = {};
  for (const [name, step] of [
    ["pipelineOverBareAtBatch8", "throughput-8"],
    ["pipelineOverBareAtBatch1", "throughput-1"],
  ] as const) {
    const share = answerOf(run, step)["pipelineOverBare"];
    if (typeof share === "number") ratios[name] = share;
  }
  return {
    rows: run.steps.map(({ step, tookSeconds, result }) => ({
      step,
      seconds: tookSeconds ?? null,
      answer: JSON.stringify(result),
    })),
    ratios,
    conditions: {
      ...Where.parse(answerOf(run, "where")),
      driver: run.driver,
      date: run.date,
      file,
    },
  };
}
