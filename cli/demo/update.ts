import type { FleetFeed } from "../../fleet/hub/client/index.ts";
import type { FleetView } from "../../fleet/view/index.ts";
import { awaitTruth } from "./await-truth.ts";
import { type DemoFleet, type DemoRun, deploy } from "./demo.ts";
import type { DemoModel } from "./model.ts";
import { DemoFeed, type Picture } from "./picture.ts";
import { titleOfRunning } from "./street.ts";
import { deviceChanges, type UpdateReport } from "./update-report.ts";

/** Devices say over events how the update went; the last word may come after the frames that `up` waits for. */
const COMMIT_DEADLINE_MS = 60_000;

/** Changes the model of a deployed fleet while it works, and measures before, during and after. */
export async function changeModel(
  run: DemoRun,
  fleet: DemoFleet,
  model: DemoModel,
): Promise<UpdateReport> {
  const feed = await DemoFeed.open(fleet.location, run.signal);
  try {
    await feed.fleet.settle();
    const from = await titleOfRunning(feed.picture().view);
    run.steps.say("model", `${from} runs, ${model.title} is wanted`);
    const enoughBefore = await measured(run, feed);
    const before = feed.picture();
    const startedAtMs = performance.now();
    await deploy(run, fleet, model);
    const tookMs = performance.now() - startedAtMs;
    const changed = digestsOf(feed.picture().view) !== digestsOf(before.view);
    if (changed) await awaitCommitted(run, feed.fleet);
    const enoughFrames = (await measured(run, feed, before)) && enoughBefore;
    const devices = deviceChanges(before, feed.picture());
    return {
      from,
      to: model.title,
      changed,
      tookMs,
      wantedFrames: run.enoughFrames,
      enoughFrames,
      devices,
    };
  } finally {
    await feed.close();
  }
}

/** Without truth there is nothing to wait for. */
async function measured(run: DemoRun, feed: DemoFeed, before?: Picture): Promise<boolean> {
  return !feed.hasTruth || awaitTruth(feed, run, before);
}

async function awaitCommitted({ signal }: DemoRun, feed: FleetFeed): Promise<void> {
  const isSettled = ({ devices }: FleetView): boolean =>
    devices.every(({ update }) => update?.state === "committed");
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(end, COMMIT_DEADLINE_MS);
    const stop = feed.onChange(() => {
      if (isSettled(feed.view()) || signal.aborted) end();
    });
    if (isSettled(feed.view())) end();
  });
}

function digestsOf(view: FleetView): string {
  return JSON.stringify(
    view.devices.map(({ name, pipelines }) => [name, pipelines.map(({ model }) => model?.digest)]),
  );
}
