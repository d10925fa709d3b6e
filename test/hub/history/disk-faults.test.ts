import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { chainOf } from "../../fleet/journal/made.ts";
import { FULL } from "../../support/long-form.ts";

const EVERY = FULL ? 1 : 7;
const HERE = import.meta.dirname;
const Case = z.object({
  at: z.number(),
  fault: z.enum(["ENOSPC", "EIO"]),
  opened: z.boolean(),
  refused: z.enum(["write", "sync", "truncate"]).nullable(),
  told: z.array(z.string()),
  there: z.array(z.string()),
  log: z.array(z.string()),
});
const CODES = ["HUB_DISK_FULL", "HUB_DISK_FAILED", "HISTORY_FAILED"];

it(`keeps what it acknowledged, once, whichever call of SQLite the disk refuses (every ${EVERY})`, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "jetfleet-refusing-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const library = path.join(folder, "refusing.so");
  const source = path.join(HERE, "refusing-disk.c");
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]);
  const args = [path.join(HERE, "refused-history.ts"), String(EVERY)];
  const env = { ...process.env, LD_PRELOAD: library };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const cases = stdout
    .trim()
    .split("\n")
    .map((line) => Case.parse(JSON.parse(line)));
  expect(cases.filter(({ refused }) => refused !== null).length).toBeGreaterThan(140 / EVERY);
  const events = chainOf(["a", "b", "c"]).map(({ text }) => `device: ${text}`);
  for (const { told, there, log, ...which } of cases) {
    const at = JSON.stringify(which);
    for (const code of told) expect(CODES, at).toContain(code);
    expect(there, at).toEqual(events);
    expect(log, at).not.toContain("history set aside");
  }
}, 200_000);
