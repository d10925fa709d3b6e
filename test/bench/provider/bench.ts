import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { ENGINE, Stack } from "../../infra/engine/support/stack.ts";
import { createWorld, type World } from "../../infra/provider/support/world.ts";
import type { Bench, BenchResult } from "../bench.ts";
import { type Cost, costOf } from "./process-tree.ts";

const PROGRAM = join(import.meta.dirname, "program");
const COUNT = 1000;
const ROUNDS = 3;

type Kind = "jetfleet" | "trivial";
export type Row = BenchResult["rows"][number];

export const providerBench: Bench = {
  name: "provider",
  summary: "a preview without changes of 1,000 resources, beside as many trivial ones",
  async run(log, { rounds }) {
    if (!ENGINE) throw new Error("Expected a Pulumi engine; run `npm run setup`");
    const world = await createWorld();
    try {
      const previews = await measurePreviews(world, rounds ?? ROUNDS, log);
      const [load = 0] = loadavg();
      const at = (kind: Kind) => previews.filter(({ what }) => what === `preview, ${kind}`);
      return {
        rows: previews,
        ratios: {
          "preview over the floor, wall":
            median(at("jetfleet"), "wall s") / median(at("trivial"), "wall s"),
          "preview over the floor, CPU":
            median(at("jetfleet"), "cpu s") / median(at("trivial"), "cpu s"),
        },
        conditions: { cpus: cpus().length, load, node: process.version, parallel: 64 },
      };
    } finally {
      await world.close();
    }
  },
};

async function measurePreviews(
  world: World,
  rounds: number,
  log: (line: string) => void,
): Promise<Row[]> {
  await world.device("d1");
  log("one resource of each kind is made, and its state written for the others");
  const trivial = await manyOf(world, "trivial");
  const many = await manyOf(world, "jetfleet");
  const rows: Row[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const [kind, stack] of [
      ["trivial", trivial],
      ["jetfleet", many],
    ] as const) {
      const cost = await must(run(stack, "preview", "--expect-no-changes"));
      rows.push(rowOf(`preview, ${kind}`, COUNT, cost));
      log(`round ${round + 1} of ${rounds}: ${kind} ${cost.wallSeconds.toFixed(1)} s`);
    }
  }
  return rows;
}

/** A stack whose state says that all is as the program wants it; the engine would write its state 1,000 times. */
async function manyOf(world: World, kind: Kind): Promise<Stack> {
  const few = await stackOf(world, kind, 2, `${kind}-few`);
  await must(run(few, "up", "--yes", "--skip-preview"));
  const many = await stackOf(world, kind, COUNT, `${kind}-many`);
  const file = join(world.dir, `${kind}.json`);
  writeFileSync(file, multiplied((await few.state()).raw, `${kind}-few`, `${kind}-many`));
  await must(run(many, "stack", "import", "--file", file));
  await must(run(few, "destroy", "--yes", "--skip-preview"));
  return many;
}

async function stackOf(
  world: World,
  kind: Kind,
  count: number,
  name: string = kind,
): Promise<Stack> {
  const env = {
    JETFLEET_BENCH_KIND: kind,
    JETFLEET_BENCH_COUNT: String(count),
    JETFLEET_BENCH_MODEL: world.modelPath,
  };
  const stack = await Stack.create(world.dir, name, env, PROGRAM);
  stack.configure(world.config as Record<string, string>);
  return stack;
}

/** A state with pipelines p1 to p999 on devices d1 to d999 out of one with p1 on d1. */
function multiplied(raw: string, from: string, to: string): string {
  const state = JSON.parse(
    raw.replaceAll(`:${from}::`, `:${to}::`).replaceAll(`-${from}"`, `-${to}"`),
  ) as {
    deployment: { resources: { urn: string }[] };
  };
  const { resources } = state.deployment;
  const first = resources.find(({ urn }) => urn.endsWith("::p1"));
  if (!first) throw new Error("Expected pipeline p1 in the state");
  const text = JSON.stringify(first);
  for (let at = 2; at < COUNT; at += 1) {
    const other = text.replaceAll('::p1"', `::p${at}"`).replaceAll('"d1', `"d${at}`);
    resources.push(JSON.parse(other) as { urn: string });
  }
  return JSON.stringify(state);
}

function run(stack: Stack, ...args: string[]): Promise<Cost> {
  const { command, cwd, env, args: own } = stack.engine;
  const fixed =
    args[0] === "stack" ? own.filter((one) => !/config/.test(one) && !one.endsWith(".yaml")) : own;
  return costOf(command, [...args, ...fixed], { cwd, env });
}

async function must(cost: Promise<Cost>): Promise<Cost> {
  const done = await cost;
  if (!done.ok) throw new Error(done.text.slice(-4000));
  return done;
}

export function rowOf(what: string, resources: number, cost: Cost): Row {
  return {
    ...{ what, resources, "wall s": cost.wallSeconds, "cpu s": cost.cpuSeconds },
    "peak MB": cost.peakMegabytes,
  };
}

function median(rows: readonly Row[], key: string): number {
  const values = rows.map((row) => Number(row[key])).sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? Number.NaN;
}
