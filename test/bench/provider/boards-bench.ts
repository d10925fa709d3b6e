import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { startBoard } from "../../../fleet/sim/board/index.ts";
import { ENGINE, Stack } from "../../infra/engine/support/stack.ts";
import { createWorld, FLEET, type World } from "../../infra/provider/support/world.ts";
import type { Bench } from "../bench.ts";
import { type Row, rowOf } from "./bench.ts";
import type { LightBoardOptions } from "./boards/light-board.ts";
import { type Recorded, recordAnswers } from "./boards/questions.ts";
import { type Cost, costOf } from "./process-tree.ts";

const PROGRAM = join(import.meta.dirname, "program");
/** Boards of one `up`; the first is what one board takes. */
const COUNTS = [1, 10, 25, 50, 100];
/** What each answer of a board takes; one of them is slower than all others. */
const ANSWER_MS = 300;
const SLOWEST_ANSWER_MS = 600;
const PARALLEL = 64;

export const boardsBench: Bench = {
  name: "boards",
  summary:
    "`up` of 1 to 100 light boards with a pipeline each in one stack, beside as many trivial resources",
  async run(log) {
    if (!ENGINE) throw new Error("Expected a Pulumi engine; run `npm run setup`");
    const world = await createWorld();
    const dir = mkdtempSync(join(tmpdir(), "jetfleet-boards-"));
    try {
      const recorded = await recordedAnswers(dir, log);
      const rows: Row[] = [];
      for (const count of COUNTS) {
        rows.push(await upOfBoards(world, dir, recorded, count));
        rows.push(await upOfTrivial(world, 2 * count + 1));
        log(
          `${count} boards: ${seconds(rows.at(-2))} s, as many trivial: ${seconds(rows.at(-1))} s`,
        );
      }
      const [load = 0] = loadavg();
      const slowest = seconds(rows[0]);
      const ratios = COUNTS.slice(1).map((count, at) => [
        `${count} boards over the slowest alone, wall`,
        seconds(rows[2 * at + 2]) / slowest,
      ]);
      return {
        rows,
        ratios: Object.fromEntries(ratios) as Record<string, number>,
        conditions: {
          ...{ cpus: cpus().length, load, node: process.version, parallel: PARALLEL },
          ...{ "ms an answer": ANSWER_MS, "ms of the slowest board": SLOWEST_ANSWER_MS },
        },
      };
    } finally {
      await world.close();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

async function recordedAnswers(dir: string, log: (line: string) => void): Promise<Recorded> {
  log("a simulated TX2 is asked what the light ones are to answer");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
  const board = await startBoard({
    ...{ name: "recorded", board: "tx2", dir: join(dir, "board"), authorizedKeys: "" },
  });
  try {
    return await recordAnswers(board);
  } finally {
    await board.stop();
  }
}

async function upOfBoards(
  world: World,
  dir: string,
  recorded: Recorded,
  count: number,
): Promise<Row> {
  const { mqttUrl } = await world.hub.info();
  const { publicKeyPem } = world;
  const options = Array.from({ length: count }, (_, at): LightBoardOptions => {
    const answerMs = at === 0 ? SLOWEST_ANSWER_MS : ANSWER_MS;
    return { fleet: FLEET, name: `b${count}-${at}`, mqttUrl, publicKeyPem, answerMs, recorded };
  });
  const file = join(dir, `${count}.json`);
  writeFileSync(file, JSON.stringify(options));
  const boards = await started("main.ts", file);
  const provider = await started("provider.ts", join(dir, "runtime"));
  try {
    const env = {
      JETFLEET_BENCH_BOARDS: boards.line,
      JETFLEET_BENCH_KEY: join(dir, "key"),
      JETFLEET_BENCH_MODEL: world.modelPath,
      PULUMI_DEBUG_PROVIDERS: `jetfleet:${provider.line}`,
    };
    const stack = await Stack.create(world.dir, `boards-${count}`, env, PROGRAM);
    stack.configure(world.config as Record<string, string>);
    const cost = await up(stack, [provider.pid]);
    return rowOf(`up of ${count} boards with pipelines`, 2 * count + 1, cost);
  } finally {
    boards.end();
    provider.end();
  }
}

/** The floor: the same count of resources of which nothing is made. */
async function upOfTrivial(world: World, count: number): Promise<Row> {
  const env = {
    JETFLEET_BENCH_KIND: "trivial",
    JETFLEET_BENCH_COUNT: String(count),
    JETFLEET_BENCH_MODEL: world.modelPath,
  };
  const stack = await Stack.create(world.dir, `trivial-${count}`, env, PROGRAM);
  return rowOf(`up of ${count} trivial`, count, await up(stack, []));
}

async function up(stack: Stack, beside: readonly number[]): Promise<Cost> {
  const { command, cwd, env, args } = stack.engine;
  const verb = ["up", "--yes", "--skip-preview", "--suppress-progress"];
  const cost = await costOf(command, [...verb, ...args], { cwd, env }, beside);
  if (!cost.ok) throw new Error(cost.text.slice(-4000));
  return cost;
}

interface Started {
  pid: number;
  /** What it said first: it is ready. */
  line: string;
  end(): void;
}

/** A process of `boards/`, which ends when its standard input does. */
async function started(script: string, argument: string): Promise<Started> {
  const args = ["--disable-warning=ExperimentalWarning"];
  const path = join(import.meta.dirname, "boards", script);
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    [...args, path, argument],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${script} ended before it was ready`)));
  });
  return { pid: child.pid ?? 0, line, end: () => child.stdin.end() };
}

function seconds(row: Row | undefined): number {
  return Number(row?.["wall s"]);
}
