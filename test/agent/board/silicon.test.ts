import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSilicon } from "../../../agent/board/silicon.ts";
import type { BackendInfo } from "../../../agent/supervise/ipc/backend.ts";
import { FleetError } from "../../../fleet/errors/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-silicon-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RTX: BackendInfo = {
  ...{ name: "tensorrt-rtx", version: "1.7.1", noGpu: null },
  gpu: { name: "NVIDIA L4", computeCapability: 89, multiprocessors: 58 },
};

/** What a PC without TensorRT's packages finds, whose backend answers so. */
function ofPc(describeIt: () => Promise<BackendInfo>, ...objects: string[]) {
  for (const name of objects) writeFileSync(join(folder, name), "");
  const asked: unknown[] = [];
  const found = readSilicon(
    "x86",
    {
      ...{ bundlePath: join(folder, "agent.cjs"), tensorrtPath: "/opt/rtx" },
      describe: (backend) => {
        asked.push(backend);
        return describeIt();
      },
    },
    null,
  );
  return found.then((read) => ({ ...read, asked }));
}
const OBJECT = "libjetfleet-backend-tensorrt-rtx-1.7.so";

describe("a PC's silicon", () => {
  it("is what its backend and its driver say, in a process that may open the GPU", async () => {
    const { builder, silicon, asked } = await ofPc(() => Promise.resolve(RTX), OBJECT);
    expect(asked).toEqual([{ backendPath: join(folder, OBJECT), runtimePath: "/opt/rtx" }]);
    expect([silicon.accelerators, silicon.unknown]).toEqual([["gpu"], []]);
    expect(builder?.machine).toMatchObject({
      ...{ backend: "tensorrt-rtx", version: "1.7.1", soc: "NVIDIA L4" },
      ...{ computeCapability: "8.9", multiprocessors: 58, l4t: null, module: null },
    });
    expect(builder?.absentCard).toBeUndefined();
  });

  it.each([
    [
      "the driver is missing",
      () => Promise.resolve({ ...RTX, gpu: null, noGpu: "no libcuda.so.1" }),
      /no libcuda\.so\.1/,
    ],
    [
      "the library does not open",
      () => Promise.reject(new FleetError("NATIVE_LOAD", "no libtensorrt_rtx.so")),
      /no libtensorrt_rtx/,
    ],
  ])("is not named where %s, and it is said why", async (_what, answer, why) => {
    const { builder, silicon } = await ofPc(answer, OBJECT);
    expect(builder).toBeNull();
    expect(silicon.unknown.join()).toMatch(why);
  });

  it("is not asked for where no backend serves it", async () => {
    const { builder, silicon, asked } = await ofPc(() => Promise.resolve(RTX));
    expect([builder, asked]).toEqual([null, []]);
    expect(silicon.unknown).toEqual(["its GPU: no backend serves it"]);
  });
});
