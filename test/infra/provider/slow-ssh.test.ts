import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import { FULL } from "../../support/long-form.ts";
import { StubRuntime } from "./support/stub-runtime.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const NAMES = ["left", "right"] as const;
const BYTES = 24e6;

/** With a file that takes a slow connection minutes. */
class LargeRuntime extends StubRuntime {
  override version = "x".repeat(BYTES);
  override label(): Promise<string> {
    return Promise.resolve("0.0.0+large");
  }
}

describe.skipIf(!FULL)(
  `boards behind a slow SSH connection${FULL ? "" : " [skipped: npm run test:full -- stacks]"}`,
  { timeout: 300_000 },
  () => {
    let dir: string;
    let world: World;
    const boards: SimulatedBoard[] = [];

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), "jetfleet-slow-"));
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
      world = await createWorld(new LargeRuntime(join(dir, "runtime")));
      const authorizedKeys = readFileSync(join(dir, "key.pub"), "utf8");
      for (const name of NAMES)
        boards.push(
          await startBoard({
            ...{ name, board: "agx-xavier", dir: join(dir, name), authorizedKeys },
            behaviour: { sshBytesPerSecond: 250_000 },
          }),
        );
    }, 120_000);
    afterAll(async () => {
      await Promise.all(boards.map((board) => board.stop()));
      await world.close();
      rmSync(dir, { recursive: true, force: true });
    });

    test("fetch what they lack from the hub, which got it once", async () => {
      const created = await Promise.all(
        NAMES.map(async (name, index) => {
          const urn = urnOf("Device", name);
          const port = boards[index]?.info.sshPort ?? 0;
          const ssh = { privateKeyPath: join(dir, "key") };
          const declared = { name, address: "127.0.0.1", port, ssh };
          return await world.driver.create(urn, await world.driver.checked(urn, declared));
        }),
      );
      for (const { state } of created) expect(state).toMatchObject({ online: true });
      const lines = world.engine.lines.map(({ text }) => text);
      expect(lines.filter((line) => /SSH is slow/.test(line))).toHaveLength(2);
      expect(lines.filter((line) => /the board fetches version.txt/.test(line))).toHaveLength(2);
      for (const board of boards) {
        const { stdout } = await board.exec(
          "stat -c %s /opt/jetfleet/current/version.txt; ls -a /opt/jetfleet",
        );
        expect(stdout).toMatch(new RegExp(`^${BYTES}\\n`));
        expect(stdout).not.toContain("staging");
      }
      expect(world.engine.lines.filter(({ severity }) => severity === 2)).toEqual([]);
    });
  },
);
