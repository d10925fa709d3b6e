import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { type Module, moduleByName } from "../../fleet/boards/catalog/index.ts";
import { BOARDS } from "../../fleet/boards/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import {
  enginesOf,
  type PictureParts,
  Plan,
  type PlannedEngines,
  parseStreams,
  placementOpinions,
  planFor,
  readModel,
} from "../../fleet/plan/index.ts";
import {
  AcceleratorChoice,
  BoardName,
  DetectSpec,
  MAX_REGIONS,
  PrecisionChoice,
} from "../../fleet/spec/index.ts";
import { placementLines } from "../render/placement-text.ts";
import { planLines } from "../render/plan-text.ts";
import { readBuilt } from "./built.ts";
import type { CommandContext } from "./command-context.ts";
import { moduleNamed } from "./modules.ts";
import { readObserved } from "./observed.ts";

interface PlanCommandOptions {
  board?: string;
  module?: string;
  jetpack?: string;
  accelerator: string;
  precision: string;
  powerMode?: string;
  streams: string[];
  minFps?: string;
  interval?: string;
  regions?: string;
  maxLatencyMs?: string;
  shape: string[];
  layers?: boolean;
  built?: string;
  observed?: string;
  engineKeys?: boolean;
  json?: boolean;
}

const EXIT_CODES = `
Exit codes:
  0  the model runs, and the module meets the demand
  1  it does not; the answer says why and what comes nearest
  2  no answer: wrong usage, or the model cannot be read
  3  whether it meets the demand cannot be said; the answer says of what nothing is known`;

const EXIT_CODE: Readonly<Record<Plan["verdict"], number>> = { runs: 0, refused: 1, unknown: 3 };

/** Adds `plan`. */
export function registerPlan({ program, run }: CommandContext): void {
  const append = (value: string, all: string[]): string[] => [...all, value];
  program
    .command("plan")
    .argument("<model>", "ONNX file")
    .description("what a model will do on a module, before anything moves")
    .option("--board <board>", `one of ${BoardName.options.join(", ")}: its developer kit's module`)
    .option("--module <module>", "such as orin-nx-16gb; `jetfleet modules` lists them")
    .option("--jetpack <version>", "default: the newest for the module")
    .option("--accelerator <which>", `one of ${AcceleratorChoice.options.join(", ")}`, "auto")
    .option("--precision <which>", `one of ${PrecisionChoice.options.join(", ")}`, "auto")
    .option("--power-mode <mode>", "nvpmodel mode by name or id; default: the fastest")
    .option("--streams <streams>", "cameras such as 4@1080p30; may be repeated", append, [])
    .option("--min-fps <n>", "pictures a second; default: what the cameras send")
    .option("--interval <n>", "the model looks at every so many-th of them; default: all")
    .option("--regions <n>", "… and at so many regions of each, one by one; default: the whole")
    .option("--max-latency-ms <ms>", "what the inferences of one picture may take")
    .option("--shape <input=dims>", "such as images=1x3x416x416; may be repeated", append, [])
    .option("--layers", "list every layer with its device")
    .option(
      "--built <file>",
      "put beside it where a builder has its layers: an engine, or what an inspector or `bench --layers --json` wrote",
    )
    .option(
      "--observed <file>",
      "count what devices measured: what `jetfleet events --kind plan-differs --since 30d --json` prints; - reads it from standard input",
    )
    .option(
      "--engine-keys",
      "list the keys of the engines that it comes to, for each unit it may be about",
    )
    .option("--json", "print one JSON object, for programs")
    .option("--json-schema", "print what --json prints as a JSON Schema, and end")
    .addHelpText("after", EXIT_CODES)
    .action((file: string, options: PlanCommandOptions & { jsonSchema?: boolean }) =>
      run(() => (options.jsonSchema ? printSchema() : plan(file, options))),
    );
}

function printSchema(): Promise<number> {
  process.stdout.write(`${JSON.stringify(z.toJSONSchema(Plan), null, 2)}\n`);
  return Promise.resolve(0);
}

async function plan(file: string, options: PlanCommandOptions): Promise<number> {
  const module = moduleOf(options);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new FleetError("MODEL_INVALID", `Cannot read ${file}`, { cause });
  });
  const planned = planFor(readModel(bytes), module, {
    accelerator: choice(AcceleratorChoice, "--accelerator", options.accelerator),
    precision: choice(PrecisionChoice, "--precision", options.precision),
    streams: options.streams.map(parseStreams),
    shapes: Object.fromEntries(options.shape.map(parseShape)),
    digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    ...(options.minFps === undefined ? {} : { minFps: positive("--min-fps", options.minFps) }),
    ...(options.interval === undefined
      ? {}
      : { interval: interval("--interval", options.interval) }),
    ...(options.regions === undefined ? {} : { parts: regions("--regions", options.regions) }),
    ...(options.maxLatencyMs === undefined
      ? {}
      : { latencyMs: positive("--max-latency-ms", options.maxLatencyMs) }),
    ...(options.jetpack === undefined ? {} : { jetpack: options.jetpack }),
    ...(options.powerMode === undefined ? {} : { powerMode: options.powerMode }),
    ...(options.observed === undefined ? {} : { observed: await readObserved(options.observed) }),
  });
  const width = Math.max(60, process.stdout.columns ?? (Number(process.env["COLUMNS"]) || 100));
  if (options.engineKeys) return listEngines(enginesOf(planned, module), options.json ?? false);
  if (options.built !== undefined) return compare(planned, options.built, options, width);
  const text = options.json
    ? JSON.stringify(Plan.parse(planned), null, 2)
    : planLines(planned, width, options.layers ?? false).join("\n");
  process.stdout.write(`${text}\n`);
  return EXIT_CODE[planned.verdict];
}

/** Ends with 3 where no key can be made. */
function listEngines({ engines, unknown }: PlannedEngines, isJson: boolean): number {
  const lines = [
    ...engines.map(
      ({ accelerator, precision, module, l4t, digest }) =>
        `${accelerator} ${precision} on ${module ?? "unknown"} with L4T ${l4t ?? "unknown"}: ${digest}`,
    ),
    ...unknown.map((what) => `unknown: ${what}`),
  ];
  const text = isJson ? JSON.stringify({ engines, unknown }, null, 2) : lines.join("\n");
  process.stdout.write(`${text}\n`);
  return engines.length > 0 ? 0 : EXIT_CODE.unknown;
}

/** Ends with 0 also where they differ: neither of the two is wrong for it. */
async function compare(
  planned: Plan,
  built: string,
  { accelerator, json }: PlanCommandOptions,
  width: number,
): Promise<number> {
  const wanted = accelerator.startsWith("dla") ? "dla" : "gpu";
  const opinions = placementOpinions(planned.layers, await readBuilt(built), wanted);
  const text = json
    ? JSON.stringify(opinions, null, 2)
    : placementLines(opinions, planned, width).join("\n");
  process.stdout.write(`${text}\n`);
  return 0;
}

/** What --board or --module names; exactly one of them must be there. */
function moduleOf({ board, module }: PlanCommandOptions): Module {
  if (module !== undefined && board === undefined) return moduleNamed(module);
  if (board === undefined || module !== undefined) {
    throw new FleetError("USAGE", "expected either --board or --module");
  }
  const known = BoardName.safeParse(board);
  if (known.success) return moduleNamed(BOARDS[known.data].module);
  // A family that is no board of ours: its modules are named, or taken where there is one.
  const found = moduleByName(board);
  const isFamily = "module" in found ? found.module.id !== board : found.choices.length > 0;
  if (isFamily) return moduleNamed(board);
  const names = BoardName.options.join(", ");
  throw new FleetError("USAGE", `expected a board of ${names}, got ${JSON.stringify(board)}`, {
    hint: `Give a module with --module; \`jetfleet modules\` lists them.`,
  });
}

function choice<T extends string>(schema: z.ZodType<T>, option: string, value: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new FleetError("USAGE", `${option} does not take ${JSON.stringify(value)}`);
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new FleetError(
    "USAGE",
    `expected a number above 0 for ${option}, got ${JSON.stringify(text)}`,
  );
}

function interval(option: string, text: string): number {
  const parsed = DetectSpec.shape.interval.unwrap().safeParse(Number(text));
  if (parsed.success) return parsed.data;
  const expected = `a whole number from 1 to 100 for ${option}`;
  throw new FleetError("USAGE", `expected ${expected}, got ${JSON.stringify(text)}`);
}

function regions(option: string, text: string): PictureParts {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_REGIONS) {
    return { average: count, most: count };
  }
  const expected = `a whole number from 1 to ${MAX_REGIONS} for ${option}`;
  throw new FleetError("USAGE", `expected ${expected}, got ${JSON.stringify(text)}`);
}

function parseShape(text: string): [string, number[]] {
  const [, name = "", dims = ""] = /^(.+)=(\d+(?:x\d+)*)$/.exec(text) ?? [];
  if (name === "") {
    throw new FleetError(
      "USAGE",
      `expected a shape such as images=1x3x416x416, got ${JSON.stringify(text)}`,
    );
  }
  return [name, dims.split("x").map(Number)];
}
