import { rm } from "node:fs/promises";
import { describeError } from "../../fleet/errors/index.ts";
import { endPart, ensureRunning } from "./background.ts";
import { endCamera } from "./camera.ts";
import { BOARDS, boardPart, hubPart } from "./parts.ts";
import { destroy, hasDeployment } from "./stack.ts";
import type { DemoPaths } from "./state.ts";
import type { Steps } from "./steps.ts";
import { endTruthKeeper } from "./truth-keeper.ts";

/** `--down`: destroys what was deployed and ends every process. Returns false when `pulumi destroy` failed. */
export async function takeDown(
  paths: DemoPaths,
  purge: boolean,
  steps: Steps,
  signal: AbortSignal,
): Promise<boolean> {
  const destroyed = await destroyDeployment(paths, steps, signal);
  await endAll(paths, steps);
  if (purge) {
    await rm(paths.state, { recursive: true, force: true });
    steps.plain(`Nothing runs any more, and ${paths.state} is removed.`);
  } else {
    steps.plain(
      `Nothing runs any more. ${paths.state} stays on disk: keys, logs, the boards' disks, Pulumi's state.\n` +
        "`npm run demo` uses it again; `npm run demo -- --down --purge` removes it.",
    );
  }
  return destroyed;
}

/** Deleting a device needs its board and the hub, so what is not running is started for it. */
async function destroyDeployment(
  paths: DemoPaths,
  steps: Steps,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await hasDeployment(paths))) {
    steps.say("pulumi", "nothing is deployed");
    return true;
  }
  try {
    for (const part of [hubPart(paths), ...BOARDS.map((row) => boardPart(paths, row))]) {
      const { started } = await ensureRunning<unknown>(part, signal);
      if (started) steps.say(part.name, "started, for the time of the destroy");
    }
    steps.say("pulumi", "destroy:");
    await destroy(signal);
    steps.say("pulumi", "destroy is done");
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    // Ending is what was asked for, so that goes on; Pulumi's state still says what was not destroyed.
    steps.plain(describeError(error));
    return false;
  }
}

async function endAll(paths: DemoPaths, steps: Steps): Promise<void> {
  for (const row of BOARDS) steps.say(row.name, await endPart(boardPart(paths, row)));
  steps.say("truth", await endTruthKeeper(paths));
  steps.say("camera", await endCamera(paths));
  steps.say("hub", await endPart(hubPart(paths)));
}
