import { BOARDS as BOARD_TABLE } from "../../fleet/boards/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import type { HubLocation } from "../hub-location.ts";
import { endPart, ensureRunning, type Part, type Running } from "./background.ts";
import { type CameraChoice, type CameraSource, endCamera, openCamera } from "./camera.ts";
import { withWhatRuns } from "./failed-deploy.ts";
import { ensureKeys } from "./keys.ts";
import type { DemoModel } from "./model.ts";
import { BOARDS, type BoardReady, boardPart, FLEET, hubPart } from "./parts.ts";
import type { Screen } from "./pulumi.ts";
import { up, writeStackConfig } from "./stack.ts";
import type { DemoPaths } from "./state.ts";
import type { Steps } from "./steps.ts";
import { endTruthKeeper, ensureTruthKeeper } from "./truth-keeper.ts";

/** What one run of the demo works with. */
export interface DemoRun {
  paths: DemoPaths;
  camera: CameraChoice;
  steps: Steps;
  /** Where Pulumi's words go. */
  out: Screen;
  /** How many frames of a pipeline its figures are to be over. */
  enoughFrames: number;
  signal: AbortSignal;
}

/** The processes of the fleet, found running or started. */
export interface DemoFleet {
  location: HubLocation;
  boards: readonly BoardReady[];
  camera: Pick<CameraSource, "uri" | "video">;
}

/** Makes keys and starts what does not run yet. What it started ends again when `work` is cancelled. */
export async function withFleet<Result>(
  run: DemoRun,
  work: (fleet: DemoFleet) => Promise<Result>,
): Promise<Result> {
  const { paths, steps, signal } = run;
  const made = await ensureKeys(paths);
  steps.say("keys", made.length > 0 ? `made ${made.join(", ")} in ${paths.keys}` : "found");
  const started: Part<unknown>[] = [];
  try {
    return await work(await startFleet(run, started));
  } catch (error) {
    // A failed deployment stays to be looked at; only a cancelled run leaves nothing of its own behind.
    if (signal.aborted || isFleetError(error, "CANCELLED")) await endStarted(started, steps);
    throw error;
  }
}

/** Writes the stack's configuration and runs `pulumi up`. */
export async function deploy(
  { paths, camera, steps, out, signal }: DemoRun,
  fleet: DemoFleet,
  model: DemoModel,
): Promise<void> {
  const { boards, location } = fleet;
  const { uri: cameraUri, video } = fleet.camera;
  const facts = { fleet: FLEET, hubUrl: location.httpUrl, paths, boards, model, cameraUri, video };
  await writeStackConfig(facts, signal);
  steps.say("pulumi", "up, of infra/programs/quickstart:");
  await up(paths, out, signal).catch(async (error: unknown) => {
    throw await withWhatRuns(error, location, signal);
  });
  steps.say("pulumi", "up is done");
  // The camera of last time was needed until now.
  if (camera.kind === "uri") await endCamera(paths);
}

async function startFleet(run: DemoRun, started: Part<unknown>[]): Promise<DemoFleet> {
  const { paths, steps, signal } = run;
  const ensure = async <Ready>(part: Part<Ready>): Promise<Running<Ready>> => {
    const running = await ensureRunning(part, signal);
    if (running.started) started.push(part);
    return running;
  };
  const hub = await ensure(hubPart(paths));
  const { httpUrl } = hub.ready;
  steps.say("hub", `${how(hub)}, ${httpUrl}`);
  const camera = await openCamera(paths, run.camera, signal);
  if (camera.started) started.push(camera.started);
  steps.say("camera", `${camera.started ? "started" : "in use"}, ${camera.text}`);
  const hasTruth = await startTruth(run, httpUrl, camera.started !== null, started);
  const boards = await ensureBoards(paths, steps, ensure);
  const location: HubLocation = { httpUrl, identityFile: paths.operatorFile };
  if (hasTruth) location.truthFile = paths.truthFile;
  return { location, boards, camera };
}

/** Only of the simulated scene is it known what is on the picture. */
async function startTruth(
  { paths, camera, steps, signal }: DemoRun,
  hubUrl: string,
  cameraIsNew: boolean,
  started: Part<unknown>[],
): Promise<boolean> {
  if (camera.kind !== "scene") {
    await endTruthKeeper(paths);
    return false;
  }
  const { part, running } = await ensureTruthKeeper(paths, hubUrl, cameraIsNew, signal);
  if (running.started) started.push(part);
  steps.say("truth", `${how(running)}, compares what the boards find with what the camera showed`);
  return true;
}

async function ensureBoards(
  paths: DemoPaths,
  steps: Steps,
  ensure: (part: Part<BoardReady>) => Promise<Running<BoardReady>>,
): Promise<BoardReady[]> {
  return Promise.all(
    BOARDS.map(async (row) => {
      const board = await ensure(boardPart(paths, row));
      const { host, sshPort } = board.ready;
      const title = BOARD_TABLE[row.board].title;
      steps.say(row.name, `${how(board)}, a simulated ${title} behind SSH on ${host}:${sshPort}`);
      return board.ready;
    }),
  );
}

async function endStarted(started: readonly Part<unknown>[], steps: Steps): Promise<void> {
  for (const part of started.toReversed()) {
    await endPart(part);
    steps.say("cancelled", `ended ${part.name}`);
  }
}

function how({ started }: { started: boolean }): string {
  return started ? "started" : "found running";
}
