/**
 * A history on a disk that refuses, in a process of its own (refusing-disk.c is preloaded): at each call of SQLite in
 * turn, or at every n-th (the argument). Prints one line of JSON for each: what failed, what was told, and what is there
 * afterwards.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { asFleetError } from "../../../fleet/errors/index.ts";
import { History } from "../../../fleet/hub/history/history.ts";
import { chainOf } from "../../fleet/journal/made.ts";
import { statsOf } from "./made-history.ts";

const chain = chainOf(["a", "b", "c"]).map(({ text }) => Buffer.from(text));
const root = mkdtempSync(path.join(tmpdir(), "jetfleet-refused-"));
process.env["REFUSE_BELOW"] = root;
let serial = 0;

const codeOf = (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    (error: unknown) => asFleetError(error, "taking an event").code,
  );

async function kept(folder: string): Promise<string[]> {
  const history = await History.open({ folder, log: () => {} });
  const events = await history.store.events({ after: 0, limit: 100 });
  await history.close();
  return events.map(({ source, text }) => `${source}: ${text}`);
}

/** `opened`: the file is there already, and the fault comes afterwards. */
async function refuse(at: number, fault: string, opened: boolean): Promise<boolean> {
  const folder = mkdtempSync(path.join(root, "case-"));
  const log: string[] = [];
  const open = () =>
    History.open({ folder, log: (message) => void log.push(message), reopenMs: 50 });
  const arm = (): void => {
    serial += 1;
    // Zeros in front make another text of the same number, from which calls are counted anew.
    process.env["REFUSE_AT"] = String(at).padStart(4 + (serial % 9), "0");
    process.env["REFUSE_WITH"] = fault;
    delete process.env["REFUSED"];
  };
  if (!opened) arm();
  const history = await open();
  if (opened) {
    await history.takeEvent("door", chain[0]!);
    arm();
  }
  const told: string[] = [];
  const deadlineMs = performance.now() + 20_000;
  for (const event of chain) {
    // As a device does: the next one goes when this one was acknowledged.
    for (;;) {
      const code = await codeOf(history.takeEvent("door", event));
      if (code === null || performance.now() > deadlineMs) break;
      told.push(code);
      await new Promise((done) => setTimeout(done, 60));
    }
    history.takeStats("door", Buffer.from(JSON.stringify(statsOf(told.length))));
  }
  await history.close();
  const refused = process.env["REFUSED"] ?? null;
  delete process.env["REFUSE_AT"];
  const there = await kept(folder);
  console.log(JSON.stringify({ at, fault, opened, refused, told, there, log }));
  rmSync(folder, { recursive: true });
  return refused !== null;
}

for (const fault of ["ENOSPC", "EIO"]) {
  for (const opened of [true, false]) {
    for (let at = 1; await refuse(at, fault, opened); at += Number(process.argv[2] ?? 1));
  }
}
rmSync(root, { recursive: true });
