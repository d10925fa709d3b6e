import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { Relay } from "../../fleet/ssh/relay.ts";
import { failureFrom, type Resource } from "./support/driver.ts";
import { StubRuntime } from "./support/stub-runtime.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const BYTES = 6_000_000;
/** What a connection carries beside files: keys, scripts, answers. */
const BESIDE = 400_000;
const PART = "/opt/jetfleet/.staging/version.txt.part";
const urn = urnOf("Device", "door");

/** With a file that takes a moment. */
class WeightyRuntime extends StubRuntime {
  number = 0;
  override version = "";
  next(): void {
    this.number += 1;
    this.version = `${this.number}`.padEnd(BYTES, "x");
  }
  override label(): Promise<string> {
    return Promise.resolve(`0.0.0+${this.number}`);
  }
}

describe("an up that is interrupted while the runtime is sent", { timeout: 120_000 }, () => {
  let dir: string;
  let runtime: WeightyRuntime;
  let world: World;
  let board: SimulatedBoard;
  let device: Resource | null = null;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-resumed-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
    runtime = new WeightyRuntime(join(dir, "runtime"));
    world = await createWorld(runtime);
    const authorizedKeys = readFileSync(join(dir, "key.pub"), "utf8");
    board = await startBoard({
      ...{ name: "door", board: "agx-xavier", dir: join(dir, "board"), authorizedKeys },
    });
  }, 120_000);
  afterAll(async () => {
    await board.stop();
    await world.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Makes the device, or changes it, over SSH at `port`. */
  async function up(port: number): Promise<Resource> {
    const ssh = { privateKeyPath: join(dir, "key") };
    const declared: Properties = { name: "door", address: "127.0.0.1", port, ssh };
    const inputs = await world.driver.checked(urn, declared);
    return device === null
      ? await world.driver.create(urn, inputs)
      : await world.driver.update(urn, device, inputs);
  }

  /** An `up` that is cancelled half-way; resolves to the bytes that the board has of the file by then. */
  async function interrupted(): Promise<number> {
    runtime.next();
    const link = await Relay.start(board.info.sshPort, [{ bytesPerSecond: 2_000_000 }]);
    const failing = failureFrom(up(link.port));
    await expect.poll(() => link.carried[0], { timeout: 60_000 }).toBeGreaterThan(BYTES / 2);
    await world.driver.cancel();
    const { message, init } = await failing;
    link.stop();
    expect(message).toContain("CANCELLED");
    if (!init) throw new Error("the up changed nothing");
    device = { id: init.id, inputs: init.inputs, state: init.state };
    const writers = "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c version.txt.part";
    await expect.poll(async () => (await board.exec(writers)).stdout).toBe("0\n");
    const bytes = Number((await board.exec(`stat -c %s ${PART}`)).stdout);
    // Or nobody could tell the next from one that begins anew.
    expect(bytes).toBeGreaterThan(2 * BESIDE);
    return bytes;
  }

  /** The next `up`; resolves to how many bytes went to the board. */
  async function carriedByNext(): Promise<number> {
    const link = await Relay.start(board.info.sshPort, [{}]);
    device = await up(link.port);
    link.stop();
    expect(device.state).toMatchObject({ online: true });
    const { stdout } = await board.exec("sha256sum < /opt/jetfleet/current/version.txt");
    const { files } = await runtime.release();
    const wanted = files.find(({ name }) => name === "version.txt")?.digest;
    expect(`sha256:${stdout.split(" ")[0]}`).toBe(wanted);
    return link.carried.reduce((sum, bytes) => sum + bytes, 0);
  }

  test("is gone on with by the next, behind what has arrived", async () => {
    const there = await interrupted();
    const carried = await carriedByNext();
    expect(carried).toBeGreaterThan(BYTES - there);
    expect(carried).toBeLessThan(BYTES - there + BESIDE);
  });

  test("is begun anew where what has arrived is other than what was sent", async () => {
    await interrupted();
    await board.exec(`printf y | dd of=${PART} bs=1 seek=1000 conv=notrunc`);
    const carried = await carriedByNext();
    expect(carried).toBeGreaterThan(BYTES);
    expect(carried).toBeLessThan(BYTES + BESIDE);
  });

  test("brings nothing again to a board that has all of it", async () => {
    const carried = await carriedByNext();
    expect(carried).toBeLessThan(BESIDE);
  });
});
