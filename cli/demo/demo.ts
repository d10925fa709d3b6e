import { BOARDS as BOARD_TABLE } from "../../fleet/boards/index.ts";
import { isFleetError } from "../../fleet/errors/index.ts";
import type { HubLocation } from "../hub-location.ts";
import { endPart, ensureRunning, type Part, type Running } from "./background.ts";
import { chooseCamera, endCamera, openCamera } from "./camera.ts";
import { ensureKeys } from "./keys.ts";
import { chooseModel } from "./model.ts";
import type { DemoOptions } from "./options.ts";
import { BOARDS, boardPart, type BoardReady, FLEET, hubPart } from "./parts.ts";
import type { DemoPaths } from "./state.ts";
import { up, writeStackConfig } from "./stack.ts";
import type { Steps } from "./steps.ts";

/** Brings the whole slice up: keys, processes, `pulumi up`. What it started ends again when it cannot finish. */
export async function bringUp(
  options: DemoOptions,
  paths: DemoPaths,
  steps: Steps,
  signal: AbortSignal,
): Promise<HubLocation> {
  // Whatever the user gave is checked before anything is started.
  const model = await chooseModel(options);
  const choice = await chooseCamera(options.source);
  const made = await ensureKeys(paths);
  steps.say("keys", made.length > 0 ? `made ${made.join(", ")} in ${paths.keys}` : "found");
  const started: Part<unknown>[] = [];
  const ensure = async <Ready>(part: Part<Ready>): Promise<Running<Ready>> => {
    const running = await ensureRunning(part, signal);
    if (running.started) started.push(part);
    return running;
  };
  try {
    const hub = await ensure(hubPart(paths));
    steps.say("hub", `${how(hub)}, ${hub.ready.httpUrl}`);
    const camera = await openCamera(paths, choice, signal);
    if (camera.started) started.push(camera.started);
    steps.say("camera", `${camera.started ? "started" : "in use"}, ${camera.text}`);
    const boards = await ensureBoards(paths, steps, ensure);
    const facts = { fleet: FLEET, hubUrl: hub.ready.httpUrl, paths, boards, model };
    await writeStackConfig({ ...facts, cameraUri: camera.uri }, signal);
    steps.say("pulumi", "up, of infra/programs/quickstart:");
    await up(paths, signal);
    steps.say("pulumi", "up is done");
    if (choice.kind === "uri") await endCamera(paths);
    return { httpUrl: hub.ready.httpUrl, credentialsFile: paths.operatorFile };
  } catch (error) {
    // A failed deployment stays to be looked at; only a cancelled run leaves nothing of its own behind.
    if (signal.aborted || isFleetError(error, "CANCELLED")) await endStarted(started, steps);
    throw error;
  }
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
