import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKeyPair } from "../../../fleet/ssh/index.ts";
import { ErrorsSeen } from "../support/expect-error.ts";
import { DEVICE, SmallWorld } from "../support/small-world.ts";

const MINUTE = 60_000;
const DEPLOYED = [`Device::${DEVICE}`, "Model::people", `Pipeline::${DEVICE}-entrance`];
const WELL = { resources: DEPLOYED, pending: 0 };

/** One story on one board: every error is provoked, read, mended, and the next `up` goes on from there. */
describe("a board that is not as the program says", { timeout: 5 * MINUTE }, () => {
  let world: SmallWorld;
  const seen = new ErrorsSeen();

  beforeAll(async () => {
    world = await SmallWorld.create();
    await world.startCamera();
  }, 3 * MINUTE);
  afterAll(async () => {
    seen.print();
    await world?.end();
  }, MINUTE);

  it("is told when its SSH server refuses the key, and nothing of it is in the state", async () => {
    const stranger = path.join(world.demo.paths.keys, "stranger");
    await writeFile(stranger, makeKeyPair().private, { mode: 0o600 });
    await world.configure({ sshKey: stranger });
    seen.check("wrong SSH key", await world.up(), {
      code: "SSH_AUTH",
      says: /Expected 127\.0\.0\.1:\d+ to accept the key \S*stranger for user nvidia but it refused/,
      next: /authorized_keys/,
      withinMs: MINUTE,
    });
    expect(await world.state()).toEqual({ resources: ["Model::people"], pending: 0 });
  });

  it("is told when its disk is full, and everything goes on once there is room", async () => {
    await world.stopBoard();
    await world.startBoard({ diskLimitBytes: 40 * 2 ** 20 });
    await world.configure();
    seen.check("board's disk full", await world.up(), {
      code: "BOARD_DISK_FULL",
      says: /Expected [\d.]+ MB free on the board for the runtime but got [\d.]+ MB/,
      next: /Free/,
      withinMs: MINUTE,
    });
    await world.stopBoard();
    await world.startBoard();
    expect(await afterMending()).toEqual(WELL);
  });

  it("is told when another host key than the pinned one is shown", async () => {
    const pinned = `SHA256:${"A".repeat(43)}`;
    await world.configure({ hostKey: pinned });
    seen.check("wrong host key", await world.up(), {
      code: "SSH_HOST_KEY_MISMATCH",
      says: new RegExp(`Expected host key ${pinned} at 127.* but got SHA256:`),
      next: /re-flashed.* set ssh\.hostKey to SHA256:/,
      withinMs: MINUTE,
    });
    expect(await afterMending()).toEqual(WELL);
  });

  it("is told when its host key has changed since, by up and by refresh", async () => {
    const pinned = world.board?.hostKey ?? "";
    await world.stopBoard();
    await rm(path.join(world.demo.paths.boards, DEVICE, "ssh_host_ed25519_key"));
    await world.startBoard();
    await world.configure({ hostKey: pinned });
    seen.check("changed host key", await world.up({ args: ["--refresh"] }), {
      code: "SSH_HOST_KEY_MISMATCH",
      says: /Expected host key SHA256:\S+ at 127.* but got SHA256:/,
      next: /re-flashed.* set ssh\.hostKey to SHA256:/,
      withinMs: MINUTE,
    });
    expect(await afterMending()).toEqual(WELL);
  });

  it("is told when a TX2 is declared as a Xavier", async () => {
    await world.configure({ board: "agx-xavier" });
    seen.check("TX2 declared as Xavier", await world.up(), {
      code: "BOARD_MISMATCH",
      says: /Expected board agx-xavier at 127\.0\.0\.1:\d+ but it is tx2/,
      next: /Correct `board`/,
      withinMs: MINUTE,
    });
    expect(await afterMending()).toEqual(WELL);
  });

  /** With the world's own, right configuration. */
  async function afterMending() {
    await world.configure();
    const { code, text } = await world.up();
    expect(code, text).toBe(0);
    return world.state();
  }
});
