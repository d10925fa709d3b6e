import { once } from "node:events";
import { truncate, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetView } from "../../../fleet/view/index.ts";
import { tinyModel } from "../../native/tiny-model.ts";
import { FULL, LONG } from "../../support/long-form.ts";
import { ErrorsSeen } from "../support/expect-error.ts";
import { DEVICE, SmallWorld } from "../support/small-world.ts";

const MINUTE = 60_000;
const DEPLOYED = [`Device::${DEVICE}`, "Model::people", `Pipeline::${DEVICE}-entrance`];
const WELL = { resources: DEPLOYED, pending: 0 };

/** One story on one board that is well: its model, its camera or its hub is not. */
describe("a pipeline that cannot run", { timeout: 5 * MINUTE }, () => {
  let world: SmallWorld;
  let silent: SilentServer;
  const seen = new ErrorsSeen();

  beforeAll(async () => {
    world = await SmallWorld.create();
    silent = await SilentServer.listen();
  }, 3 * MINUTE);
  afterAll(async () => {
    seen.print();
    silent?.close();
    await world?.end();
  }, MINUTE);

  it("is told before anything is changed when the model file is broken", async () => {
    const broken = path.join(world.demo.paths.state, "broken.onnx");
    await writeFile(broken, tinyModel());
    await truncate(broken, 300);
    await world.configure({ model: broken });
    seen.check("broken ONNX file", await world.up({ preview: true }), {
      code: "MODEL_INVALID",
      says: /Expected an ONNX model .*broken\.onnx/,
      next: /Check the file/,
      withinMs: MINUTE,
    });
    expect(await world.state()).toEqual({ resources: [], pending: 0 });
  });

  it("is told before anything is changed when no decoder fits the model's output", async () => {
    const other = path.join(world.demo.paths.state, "two-labels.onnx");
    await writeFile(other, tinyModel({ labels: 2 }));
    await world.configure({ model: other });
    seen.check("no decoder fits", await world.up({ preview: true }), {
      code: "MODEL_INVALID",
      says: /none fits the model with 1 labels/,
      next: /Check the file and the decoder/,
      withinMs: MINUTE,
    });
    expect(await world.state()).toEqual({ resources: [], pending: 0 });
  });

  it("is told within its deadline when nothing answers at the camera's address", async () => {
    await world.configure({ cameraUri: silent.uri });
    seen.check("camera that does not answer", await world.up({ pipelineTimeout: "15s" }), {
      code: "PIPELINE_NOT_RUNNING",
      says: /Expected pipeline entrance to deliver frames on door in time but got: .*did not answer within \d+\.\d s/,
      next: /Check the source's URI and the camera/,
      withinMs: 2 * MINUTE,
    });
    expect(await world.state()).toEqual(WELL);
  });

  it("is told at once when the camera refuses the password, which is not shown", async () => {
    const file = path.join(world.demo.paths.keys, "camera-password");
    await writeFile(file, "right-password\n", { mode: 0o600 });
    await world.startCamera({ user: "viewer", passwordFile: file });
    await world.configure({ cameraUri: withPassword("wrong-password") });
    const answer = await world.up({ pipelineTimeout: "60s" });
    seen.check("camera with wrong password", answer, {
      code: "SOURCE_AUTH",
      says: /door says: .*rtsp:\/\/.*127\.0\.0\.1/,
      next: /Check user and password of the source/,
      withinMs: MINUTE,
    });
    expect(answer.text).not.toContain("wrong-password");

    await world.configure({ cameraUri: withPassword("right-password") });
    expect(await afterMending()).toEqual(WELL);
  });

  it("is told when the hub goes away while `up` waits, and the next up goes on", async () => {
    await world.configure({ cameraUri: silent.uri });
    const up = world.up();
    await world.demo.statusUntil("the change is under way", isUnderWay, MINUTE);
    await world.killHub();
    seen.check("hub gone during up", await up, {
      code: "HUB_UNREACHABLE",
      says: /Expected pipeline entrance to deliver frames on door but the hub has not answered for 20 s/,
      next: /Start the hub, then run `up` again/,
      withinMs: 2 * MINUTE,
    });
    await world.startHub();
    await world.configure({ cameraUri: withPassword("right-password") });
    expect(await afterMending()).toEqual(WELL);
  });

  it.runIf(FULL)(`is told when the hub is down, and goes on when it is back${LONG}`, async () => {
    await world.killHub();
    await world.configure({ cameraUri: `${withPassword("right-password")}?again` });
    seen.check("hub down during up", await world.up(), {
      code: "HUB_UNREACHABLE",
      says: /Expected the hub at https:\/\/127\.0\.0\.1:\d+\/info to answer but got: connect ECONNREFUSED/,
      next: /Start the hub/,
      withinMs: MINUTE,
    });
    expect(await world.state()).toEqual(WELL);
    await world.startHub();
    expect(await afterMending()).toEqual(WELL);
  });

  function withPassword(password: string): string {
    return world.cameraUri.replace("rtsp://", `rtsp://viewer:${password}@`);
  }

  async function afterMending() {
    const { code, text } = await world.up();
    expect(code, text).toBe(0);
    const view = await world.demo.status();
    expect(view.devices[0]?.pipelines[0]?.state).toBe("running");
    return world.state();
  }
});

function isUnderWay({ devices }: FleetView): boolean {
  return ["fetching", "verifying", "building", "testing", "swapping"].includes(
    devices[0]?.update?.state ?? "",
  );
}

/** Takes connections and never says a word, as a camera whose firmware hangs. */
class SilentServer {
  readonly uri: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.uri = `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/none`;
  }

  static async listen(): Promise<SilentServer> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket.on("error", () => {})));
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new SilentServer(server, sockets);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
