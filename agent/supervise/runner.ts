/**
 * The child process that hosts the native runtime, one per pipeline: a crash in a decoder or a driver ends this
 * process and no other. It obeys its agent over IPC and never outlives it.
 */
import { FleetError } from "../../fleet/errors/index.ts";
import type { NativeAddon, NativePipeline } from "../../native/binding/api.ts";
import { toRunnerError } from "./ipc/messages.ts";
import { type FromRunner, ToRunner } from "./ipc/orders.ts";
import { loadAddon } from "./load-addon.ts";
import { RESULT_FD } from "./result-pipe.ts";
import type { RunnerBuild } from "./runner-build.ts";
import { CardWatch } from "./runner-cards.ts";
import { compileKernels } from "./runner-kernels.ts";

/** The native runtime gets this long to stop in order before the process ends itself. */
const STOP_DEADLINE_MS = 3000;

export function runRunner(): void {
  if (process.send === undefined) {
    throw new Error("The runner is started by the agent; it needs its IPC channel");
  }
  /** Null: it did not start. */
  let pipeline: Promise<NativePipeline | null> = Promise.resolve(null);
  let build: Promise<RunnerBuild> | null = null;
  const endBuild = (begun: Promise<RunnerBuild>) => void begun.then((one) => one.end());

  process.on("message", (raw) => {
    const message = ToRunner.parse(raw);
    switch (message.type) {
      case "start":
        pipeline = start(message);
        return;
      case "test":
        return void test(message);
      case "golden":
        return void golden(message);
      case "kernels":
        return void answer(message, async (addon) => {
          return { type: "kernels", base64: await compileKernels(addon, message) };
        });
      case "describe":
        return void answer(message, async (addon) => {
          const { backendPath, runtimePath } = message;
          const backend = await addon.describeBackend({ backendPath, runtimePath });
          return { type: "backend", backend };
        });
      case "watch-cards":
        return new CardWatch((cards) => tell({ type: "cards", cards })).start();
      case "swap":
        return void swap(pipeline, message);
      case "change-sources":
        return void changeSources(pipeline, message);
      case "set-pace":
        return void setPace(pipeline, message);
      case "build":
        build ??= beginBuild(message);
        return;
      case "read-engine":
        return void build?.then((one) => one.read(message.offset));
      case "stop":
        return build === null ? void end(pipeline) : endBuild(build);
    }
  });
  process.on("disconnect", () => (build === null ? void end(pipeline) : endBuild(build)));
  // A stop of the unit signals the whole control group; the agent decides when its runners end.
  process.on("SIGTERM", ignore);
  process.on("SIGINT", ignore);
}

type Order<Type extends ToRunner["type"]> = Extract<ToRunner, { type: Type }>;

async function start(message: Order<"start">): Promise<NativePipeline | null> {
  try {
    const addon = loadAddon(message.addonPath);
    refuseUntracked(message.options);
    const pipeline = await addon.startPipeline(message.options, RESULT_FD);
    tell({ type: "started", addonVersion: addon.version });
    return pipeline;
  } catch (error) {
    tell({ type: "start-failed", error: toRunnerError(error) });
    return null;
  }
}

/** The provider refuses it in preview; whatever else signs a pipeline hears it from here. */
function refuseUntracked({ name, analytics, track }: Order<"start">["options"]): void {
  if (analytics === undefined || track !== null) return;
  throw new FleetError(
    "SPEC_INVALID",
    `Expected a tracker for the lines and zones of ${name} but got none`,
    { hint: "Add `track: {}` to the pipeline, or take analytics out." },
  );
}

async function test(order: Order<"test">): Promise<void> {
  await answer(order, async (addon) => {
    return { type: "tested", times: await addon.testModel(order.model) };
  });
}

// What only builds and their trials need is half of a runner's start, and most runners do neither.

async function beginBuild(order: Order<"build">): Promise<RunnerBuild> {
  const { RunnerBuild } = await import("./runner-build.ts");
  return new RunnerBuild(order, tell);
}

async function golden(order: Order<"golden">): Promise<void> {
  await answer(order, async (addon) => {
    const { runGolden } = await import("./golden-run.ts");
    const engine = await runGolden(addon, order.engine);
    const reference = order.reference && (await runGolden(addon, order.reference));
    return { type: "golden", engine, reference };
  });
}

/** One question to the addon. */
async function answer(
  { addonPath }: { addonPath: string },
  ask: (addon: NativeAddon) => Promise<FromRunner>,
): Promise<void> {
  try {
    tell(await ask(loadAddon(addonPath)));
  } catch (error) {
    tell({ type: "test-failed", error: toRunnerError(error) });
  }
}

async function swap(
  running: Promise<NativePipeline | null>,
  { model, inTurn }: Order<"swap">,
): Promise<void> {
  try {
    const pipeline = await running;
    if (pipeline === null) throw new Error("No pipeline runs");
    tell({ type: "swapped", swap: await pipeline.swapModel(model, { inTurn }) });
  } catch (error) {
    tell({ type: "swap-failed", error: toRunnerError(error) });
  }
}

async function changeSources(
  running: Promise<NativePipeline | null>,
  { remove, add }: Order<"change-sources">,
): Promise<void> {
  try {
    const pipeline = await running;
    if (pipeline === null) throw new Error("No pipeline runs");
    for (const name of remove) await pipeline.removeSource(name);
    for (const source of add) await pipeline.addSource(source);
    tell({ type: "sources-changed" });
  } catch (error) {
    tell({ type: "change-failed", error: toRunnerError(error) });
  }
}

async function setPace(running: Promise<NativePipeline | null>, { pace }: Order<"set-pace">) {
  try {
    const pipeline = await running;
    pipeline?.setDetectInterval(pace.detectInterval);
    pipeline?.setAdmission(pace.admitEvery);
  } catch (error) {
    // The agent logs it; one that stops meanwhile needs no pace.
    process.stderr.write(`The pace stays: ${toRunnerError(error).message}\n`);
  }
}

async function end(running: Promise<NativePipeline | null>): Promise<void> {
  // SIGKILL instead of exit: exit runs destructors of vendor libraries, which may hang.
  const deadline = setTimeout(() => process.kill(process.pid, "SIGKILL"), STOP_DEADLINE_MS);
  const pipeline = await running;
  await pipeline?.stop();
  tell({ type: "stopped" });
  clearTimeout(deadline);
  process.exit(0);
}

function tell(message: FromRunner): void {
  if (process.connected) process.send?.(message);
}

function ignore(): void {
  // Left to the agent.
}
