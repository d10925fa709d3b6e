import path from "node:path";
import { z } from "zod";
import { FleetError } from "../../fleet/errors/index.ts";
import { SourceUri, type VideoSpec } from "../../fleet/spec/index.ts";
import { redactUri } from "../../fleet/text/index.ts";
import { readIfThere } from "../../fleet/transfer/files/durable-file.ts";
import { requireFile } from "../input-files.ts";
import { endPart, ensureRunning, findRunning, type Part, type Running } from "./background.ts";
import { type CameraReady, cameraPart } from "./parts.ts";
import type { DemoPaths } from "./state.ts";

export interface CameraSource {
  /** May carry a password: for configuration only. */
  uri: string;
  /** For the screen. */
  text: string;
  /** What it sends; null where nobody told. */
  video: VideoSpec | null;
  /** The part was started by this run. */
  started: Part<CameraReady> | null;
}

/** What --source asked for, checked. */
export type CameraChoice =
  | { kind: "scene" }
  | { kind: "file"; file: string }
  | { kind: "uri"; uri: string };

export async function chooseCamera(source: string | undefined): Promise<CameraChoice> {
  if (source === undefined) return { kind: "scene" };
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(source)
    ? { kind: "uri", uri: parseCameraUri(source) }
    : { kind: "file", file: await requireFile(source, "--source") };
}

/**
 * Where the frames come from: a camera of the user's, or ours with the scene or with the user's file. A file is
 * served over RTSP as it is, because boards cannot read this machine's disk.
 */
export async function openCamera(
  paths: DemoPaths,
  choice: CameraChoice,
  signal: AbortSignal,
): Promise<CameraSource> {
  if (choice.kind === "uri") {
    return { uri: choice.uri, text: redactUri(choice.uri), video: null, started: null };
  }
  const file = choice.kind === "file" ? choice.file : undefined;
  const { part, running } = await ensureCamera(paths, file, signal);
  const what = file ? path.basename(file) : "simulated scene";
  const { rtspUrl, width, height, fps } = running.ready;
  const video = file === undefined ? { width, height, fps } : null;
  return {
    uri: rtspUrl,
    text: `${rtspUrl} (${what})`,
    video,
    started: running.started ? part : null,
  };
}

export async function endCamera(paths: DemoPaths): Promise<"not-running" | "ended" | "killed"> {
  return endPart(cameraPart(paths, { port: 0 }));
}

/** The camera's address is part of what is deployed, so the port of last time is tried first. */
async function ensureCamera(
  paths: DemoPaths,
  file: string | undefined,
  signal: AbortSignal,
): Promise<{ part: Part<CameraReady>; running: Running<CameraReady> }> {
  const show = file === undefined ? {} : { file };
  const port = await lastPort(paths);
  const parts = [port, 0].map((one) => cameraPart(paths, { ...show, port: one }));
  for (const part of parts) {
    const found = await findRunning(part);
    if (found?.standing === "same") return { part, running: { ...found, started: false } };
  }
  const [first = cameraPart(paths, { ...show, port: 0 })] = parts;
  try {
    return { part: first, running: await ensureRunning(first, signal) };
  } catch (error) {
    if (signal.aborted || port === 0) throw error;
    // Its port may be taken by now; then any will do, and `up` tells the boards.
    const part = cameraPart(paths, { ...show, port: 0 });
    return { part, running: await ensureRunning(part, signal) };
  }
}

function parseCameraUri(source: string): string {
  const shown = redactUri(source);
  if (!/^rtsps?:/.test(source)) {
    throw new FleetError(
      "USAGE",
      `Expected --source to be rtsp://…, rtsps://… or a file but got ${shown}`,
      { hint: "Give a file by its path; it is served to the boards over RTSP." },
    );
  }
  const parsed = SourceUri.safeParse(source);
  if (parsed.success) return source;
  throw new FleetError("USAGE", `--source ${shown} ${parsed.error.issues[0]?.message}`, {
    hint: "Write these characters as it says.",
  });
}

async function lastPort(paths: DemoPaths): Promise<number> {
  const bytes = await readIfThere(path.join(paths.camera, "camera.json"));
  try {
    const record = z.object({ rtspUrl: z.url() }).parse(JSON.parse(bytes?.toString("utf8") ?? ""));
    return Number(new URL(record.rtspUrl).port);
  } catch {
    return 0;
  }
}
