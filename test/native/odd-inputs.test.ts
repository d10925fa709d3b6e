import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Fixture } from "./addon.ts";
import { ODD_FILES } from "./odd-inputs.ts";
import { judge, readInput } from "./odd-run.ts";

const fixture = new Fixture();
const folder = mkdtempSync(join(tmpdir(), "jetfleet-odd-"));
afterAll(() => {
  fixture.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe("odd files are right, refused by a code, or said to be unsupported", () => {
  test.each(ODD_FILES.map((file) => [file.name, file] as const))(
    "%s",
    { timeout: 40_000 },
    async (_, file) => {
      const seen = await readInput(fixture, { uri: file.make(folder) });
      expect(judge(seen, file.expect)).toBeNull();
    },
  );
});
