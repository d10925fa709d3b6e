import { existsSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { CAMERA_BINARY, startCamera } from "../../../fleet/sim/camera/index.ts";
import { cameraArguments } from "../../../fleet/sim/camera/start-camera.ts";

describe("the command line of the simulated camera", () => {
  it("names only what was given", () => {
    expect(cameraArguments({ seed: 7, loop: true, file: "a.mp4" })).toEqual([
      "--seed",
      "7",
      "--file",
      "a.mp4",
      "--loop",
    ]);
    expect(cameraArguments({})).toEqual([]);
  });
});

describe("starting a simulated camera", () => {
  it("says what is missing when it was not built", async () => {
    await expect(startCamera({ binary: "/nowhere/camera" })).rejects.toMatchObject({
      code: "SETUP_MISSING",
    });
  });

  it("passes on why it ended at once", async () => {
    await expect(startCamera({ binary: "/bin/false" })).rejects.toMatchObject({
      code: "SIM_FAILED",
      message: expect.stringContaining("ended at once") as string,
    });
  });

  const built = existsSync(CAMERA_BINARY);
  it.skipIf(!built)(
    `serves until it is stopped${built ? "" : " (skipped: native/build/jetfleet-camera is not built)"}`,
    async () => {
      const camera = await startCamera({ seed: 3, width: 320, height: 240 });
      expect(camera.info).toMatchObject({ seed: 3, width: 320, height: 240 });
      const url = new URL(camera.rtspUrl);
      expect(await isListening(Number(url.port))).toBe(true);
      await camera.stop();
      expect(await isListening(Number(url.port))).toBe(false);
    },
  );
});

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
