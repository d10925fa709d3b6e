import { parseArgs } from "node:util";
import { analyticsBench } from "./analytics/bench.ts";
import type { Bench, BenchResult } from "./bench.ts";
import { buildCostBench } from "./build-cost/bench.ts";
import { historyBench } from "./history/bench.ts";
import { onnxBench } from "./onnx/bench.ts";
import { pipelineBench } from "./pipeline/bench.ts";
import { plannerBench } from "./planner/bench.ts";
import { providerBench } from "./provider/bench.ts";
import { boardsBench } from "./provider/boards-bench.ts";
import { provisioningBench } from "./provisioning/bench.ts";
import { formatTable } from "./table.ts";
import { tensorrtBench } from "./tensorrt/bench.ts";
import { trackerBench } from "./tracker/bench.ts";

const BENCHES: Bench[] = [
  pipelineBench,
  onnxBench,
  plannerBench,
  historyBench,
  tensorrtBench,
  trackerBench,
  analyticsBench,
  buildCostBench,
  providerBench,
  boardsBench,
  provisioningBench,
];

const USAGE = `usage: npm run bench -- NAME [--json] [--rounds N] [--clip NAME] [--streams N]

Measures, tells progress on standard error and the result on standard output.

  --json         the result as JSON
  --rounds N     how often what is measured in turns is measured; default: as often as it needs
  --clip NAME    one clip alone
  --streams N    one number of streams alone

benches:
`;

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  const [name] = positionals;
  if (values.help || name === undefined) {
    console.log(USAGE + BENCHES.map(describe).join("\n"));
    return 0;
  }
  const bench = BENCHES.find((candidate) => candidate.name === name);
  if (!bench) {
    const known = BENCHES.map((candidate) => candidate.name).join(", ");
    console.error(`Expected one of the benches ${known} but got ${name}`);
    return 2;
  }
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (rounds !== null && !(Number.isInteger(rounds) && rounds > 0)) {
    console.error(`Expected --rounds to be a number from 1 but got ${values.rounds}`);
    return 2;
  }
  const clip = values.clip ?? null;
  const clips = bench.clips ?? [];
  if (clip !== null && !clips.includes(clip)) {
    console.error(`Expected --clip to be one of ${clips.join(", ") || "none"} but got ${clip}`);
    return 2;
  }
  const streams = values.streams === undefined ? null : Number(values.streams);
  const counts = bench.streams ?? [];
  if (streams !== null && !counts.includes(streams)) {
    const known = counts.join(", ") || "none";
    console.error(`Expected --streams to be one of ${known} but got ${values.streams}`);
    return 2;
  }
  // Progress goes to stderr, so that stdout is the result alone.
  const result = await bench.run((line) => console.error(line), { rounds, clip, streams });
  console.log(values.json ? JSON.stringify({ bench: name, ...result }, null, 2) : show(result));
  return 0;
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h", default: false },
      json: { type: "boolean", default: false },
      rounds: { type: "string" },
      clip: { type: "string" },
      streams: { type: "string" },
    },
  });
}

function describe({ name, summary, clips, streams }: Bench): string {
  const choices = [
    ...(clips === undefined ? [] : [`--clip ${clips.join("|")}`]),
    ...(streams === undefined ? [] : [`--streams ${streams.join("|")}`]),
  ];
  return [
    `  ${name.padEnd(12)} ${summary}`,
    ...choices.map((one) => `${" ".repeat(15)}${one}`),
  ].join("\n");
}

function show(result: BenchResult): string {
  const list = (entries: Record<string, string | number>): string =>
    Object.entries(entries)
      .map(([key, value]) => `  ${key}: ${typeof value === "number" ? +value.toFixed(3) : value}`)
      .join("\n");
  return [formatTable(result.rows), list(result.ratios), list(result.conditions)].join("\n\n");
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    process.exitCode = code.startsWith("ERR_PARSE_ARGS") ? 2 : 1;
  },
);
