import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  prepareCarriedScript,
  requirePackageFiles,
} from "../../../fleet/provision/carry-packages.ts";
import { installPackagesScript, REMOVE_PACKAGES } from "../../../fleet/provision/packages.ts";
import { digestFile } from "../../../fleet/provision/runtime/release.ts";
import { AptSystem, aptMissing } from "./apt-system.ts";

const skipped = aptMissing === "" ? "" : ` [skipped: ${aptMissing}]`;

describe.skipIf(aptMissing !== "")(
  `packages that are carried to a board without internet${skipped}`,
  { timeout: 60_000 },
  () => {
    let board: AptSystem;
    beforeEach(() => {
      board = new AptSystem();
      board.install("there", "1");
    });
    afterEach(() => board.remove());

    const run = (script: string): string => {
      const { stdout, stderr, status } = board.run(script);
      expect([stderr, status]).toEqual(["", 0]);
      return stdout.trim();
    };
    const install = (...names: string[]) => run(installPackagesScript(names));
    const remembered = () => {
      const file = join(board.folder, "packages");
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    };

    /** As uploads leave them. */
    async function carry(...files: string[]): Promise<void> {
      const named = await Promise.all(
        files.map(async (path) => ({ path, digest: await digestFile(path) })),
      );
      await requirePackageFiles(named);
      run(prepareCarriedScript(named));
      for (const { path, digest } of named)
        cpSync(path, join(board.folder, ".packages", `${digest.replace("sha256:", "")}.deb`));
    }

    test("are installed, but for those that are there, and go with the agent", async () => {
      const codec = board.made("codec", "2", "Depends: lib (>= 1)\n");
      await carry(codec, board.made("lib", "1"), board.made("there", "2"));
      expect(install("codec")).toBe("ok codec lib");
      expect(board.installed()).toEqual(["codec 2", "lib 1", "there 1"]);
      expect(readFileSync(join(board.root, "opt/codec"), "utf8")).toBe("2");
      expect(existsSync(join(board.folder, ".packages"))).toBe(false);
      expect(run(REMOVE_PACKAGES)).toBe("");
      expect(board.installed()).toEqual(["there 1"]);
    });

    test.each([
      [
        "what they depend on was not carried",
        "Depends: lib (>= 1)\n",
        /^refused apt-get install codec: .*Depends: lib \(>= 1\)/,
      ],
      [
        "they would remove what is there",
        "Conflicts: there\n",
        /^refused it would change what is there: there$/,
      ],
    ])("are refused, and nothing is done, when %s", async (_when, control, answer) => {
      await carry(board.made("codec", "2", control));
      expect(install("codec")).toMatch(answer);
      expect([board.installed(), remembered()]).toEqual([["there 1"], ""]);
    });

    test("leave others that are wanted to the board's sources", async () => {
      await carry(board.made("codec", "2"));
      expect(install("codec", "parser")).toMatch(
        /^refused apt-get install codec parser: E: .*parser/,
      );
    });

    test("lie alone in their folder: what an earlier up carried goes", async () => {
      await carry(board.made("lib", "1"));
      await carry(board.made("codec", "2"));
      expect(install("codec")).toBe("ok codec");
    });

    test.each([
      ["another", "", /but got sha256:/],
      ["absent", ".not", /but got no file/],
    ])("are refused before anything is done when the file is %s", async (_what, end, message) => {
      const path = `${board.made("codec", "2")}${end}`;
      const refused = requirePackageFiles([{ path, digest: `sha256:${"0".repeat(64)}` }]);
      await expect(refused).rejects.toMatchObject({
        code: "SPEC_INVALID",
        message: expect.stringMatching(message) as string,
      });
    });
  },
);
