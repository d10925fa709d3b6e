import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readSimulatedBuild, SIMULATED_BUILD_FILE } from "../../../fleet/engine/index.ts";
import { prepareRootFolder } from "../../../fleet/sim/board/root-folder.ts";

const dir = mkdtempSync(join(tmpdir(), "slow-builds-"));
afterAll(() => rmSync(dir, { recursive: true }));

it("a board says how long builds last for as long as its behaviour does", async () => {
  const board = { name: "door", board: "tx2", dir, authorizedKeys: "" } as const;
  const file = join(dir, "root", SIMULATED_BUILD_FILE);
  await prepareRootFolder({ ...board, buildSeconds: 90 });
  expect(readSimulatedBuild(readFileSync(file, "utf8"))).toEqual({ seconds: 90 });
  await prepareRootFolder(board);
  expect(existsSync(file)).toBe(false);
});
