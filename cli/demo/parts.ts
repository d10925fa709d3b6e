import path from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { HubRecord } from "../../fleet/hub/client/index.ts";
import { BoardName, Name } from "../../fleet/spec/index.ts";
import { nodePath, repoDir } from "../setup/paths.mjs";
import type { Part } from "./background.ts";
import type { DemoPaths } from "./state.ts";

export const FLEET = "demo";

/** The demo's boards: one of each generation of JetPack that this version supports. */
export const BOARDS = [
  { name: "tx2", board: "tx2" },
  { name: "xavier", board: "agx-xavier" },
] as const;

const BoardReady = z.object({
  name: Name,
  board: BoardName,
  host: z.string(),
  sshPort: z.number().int().positive(),
  hostKey: z.string(),
});
export type BoardReady = z.infer<typeof BoardReady>;

const CameraReady = z.looseObject({
  rtspUrl: z.url(),
  width: z.number(),
  height: z.number(),
  fps: z.number(),
});
export type CameraReady = z.infer<typeof CameraReady>;

const TruthReady = z.object({ out: z.string() });
export type TruthReady = z.infer<typeof TruthReady>;

/** The scene that the simulated camera shows and the truth keeper compares with. */
const SCENE_SEED = "1";

function script(relative: string): string {
  return fileURLToPath(new URL(`../../${relative}`, import.meta.url));
}

export function hubPart(paths: DemoPaths): Part<HubRecord> {
  return {
    name: "hub",
    command: nodePath(),
    args: [
      ...[script("fleet/hub/main.ts"), "--dir", paths.hub, "--fleet", FLEET],
      ...["--operator-file", paths.operatorFile],
    ],
    folder: paths.hub,
    recordFile: path.join(paths.hub, "hub.json"),
    writesRecord: true,
    ready: HubRecord,
    logFolder: paths.logs,
    startDeadlineMs: 20_000,
  };
}

export function boardPart(
  paths: DemoPaths,
  { name, board }: { name: string; board: BoardName },
): Part<BoardReady> {
  const folder = path.join(paths.boards, name);
  return {
    name: `board ${name}`,
    command: nodePath(),
    args: [
      ...[script("fleet/sim/board/main.ts"), "--name", name, "--board", board],
      ...["--dir", folder, "--authorized-key", paths.sshPublicKey],
    ],
    folder,
    recordFile: path.join(folder, "board.json"),
    writesRecord: true,
    ready: BoardReady,
    logFolder: paths.logs,
    startDeadlineMs: 60_000,
  };
}

/** The moving scene, or a video file sent as it is, without encoding it again. */
export function cameraPart(
  paths: DemoPaths,
  options: { file?: string; port: number },
): Part<CameraReady> {
  return {
    name: "camera",
    command: path.join(repoDir, "native", "build", "jetfleet-camera"),
    args: [
      ...["--port", String(options.port)],
      ...(options.file === undefined ? ["--seed", SCENE_SEED] : ["--file", options.file]),
    ],
    folder: paths.camera,
    recordFile: path.join(paths.camera, "camera.json"),
    writesRecord: false,
    ready: CameraReady,
    logFolder: paths.logs,
    startDeadlineMs: 20_000,
  };
}

/** Compares every detection of the fleet with what the simulated camera really showed. */
export function truthPart(paths: DemoPaths, hubUrl: string): Part<TruthReady> {
  return {
    name: "truth keeper",
    command: nodePath(),
    args: [
      ...[script("fleet/sim/truth/main.ts"), "--hub", hubUrl, "--seed", SCENE_SEED],
      ...["--identity", paths.operatorFile, "--out", paths.truthFile],
    ],
    folder: paths.truth,
    recordFile: path.join(paths.truth, "keeper.json"),
    writesRecord: false,
    ready: TruthReady,
    logFolder: paths.logs,
    startDeadlineMs: 60_000,
  };
}
