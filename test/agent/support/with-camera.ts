import { existsSync } from "node:fs";
import { relative } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { NATIVE, ROOT } from "./built-here.ts";
import { CAMERA, type Camera, startCamera } from "./camera.ts";
import { AgentWorld } from "./world.ts";

/** What of the real addon, the camera and these files is not there; `why` is for titles of tests that are skipped then. */
export function lacking(...files: string[]): { missing: string | undefined; why: string } {
  const missing = [...Object.values(NATIVE), CAMERA, ...files].find((path) => !existsSync(path));
  return { missing, why: missing ? ` (skipped: no ${relative(ROOT, missing)})` : "" };
}

/** Opens a world for each test of a suite, with a camera beside it. */
export function cameraForEach(keep: (world: AgentWorld, camera: Camera) => void): void {
  let world: AgentWorld | undefined;
  let camera: Camera | undefined;
  beforeEach(async () => {
    world = await AgentWorld.create();
    camera = await startCamera();
    keep(world, camera);
  });
  afterEach(async () => {
    camera?.process.kill("SIGKILL");
    await world?.destroy();
  });
}
