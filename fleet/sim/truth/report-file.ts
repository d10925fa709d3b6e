import { readFile } from "node:fs/promises";
import { isErrno } from "../../transfer/files/durable-file.ts";
import type { TruthFact } from "./overlay.ts";
import { TruthReport } from "./report.ts";

/** Reads what the truth keeper wrote last; it replaces the file at once, so what is there is whole. */
export async function readTruthFile(file: string): Promise<TruthFact> {
  try {
    return { kind: "report", report: TruthReport.parse(JSON.parse(await readFile(file, "utf8"))) };
  } catch (error) {
    return { kind: isErrno(error, "ENOENT") ? "absent" : "unreadable" };
  }
}
