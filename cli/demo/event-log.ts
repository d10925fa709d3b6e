import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * The engine's own log of events, as its automation API asks for it. While the engine draws its tree it takes the
 * keyboard, so nobody else hears Ctrl-C, and it ends with the same exit code as after any error.
 */
export class EventLog {
  readonly env = { PULUMI_DEBUG_COMMANDS: "true" };
  readonly args: readonly string[];
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.args = ["--event-log", this.#file];
  }

  static async make(): Promise<EventLog> {
    return new EventLog(await mkdtemp(path.join(tmpdir(), "jetfleet-events-")));
  }

  async saysCancelled(): Promise<boolean> {
    const text = await readFile(this.#file, "utf8").catch(() => "");
    return text.split("\n").some(isCancellation);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #file(): string {
    return path.join(this.#folder, "events");
  }
}

/** A diagnostic of the engine ("preview canceled") or of our provider ("CANCELLED: …"). */
function isCancellation(line: string): boolean {
  return line.includes('"diagnosticEvent"') && /\bcancell?ed\b/i.test(line);
}
