import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

interface Recovery {
  outage: string;
  /** What `jetfleet status` said while it lasted. */
  said: string;
  /** From the moment the cause was gone. */
  recoveredAfterMs: number;
}

/** Times of recovery, told at the end of a run and kept where JETFLEET_REPORT_DIR says. */
export class Recoveries {
  readonly #rows: Recovery[] = [];

  add(outage: string, said: string, recoveredAfterMs: number): void {
    this.#rows.push({ outage, said, recoveredAfterMs });
  }

  async tell(): Promise<void> {
    const lines = this.#rows.map(({ outage, said, recoveredAfterMs }) => {
      const seconds = (recoveredAfterMs / 1000).toFixed(1).padStart(6);
      return `${outage.padEnd(34)} ${seconds} s   ${said}`;
    });
    process.stdout.write(
      `\nOUTAGE${" ".repeat(29)} BACK AFTER  STATUS SAID\n${lines.join("\n")}\n`,
    );
    const folder = process.env["JETFLEET_REPORT_DIR"];
    if (!folder) return;
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, "recoveries.json");
    await writeFile(file, `${JSON.stringify(this.#rows, null, 2)}\n`);
  }
}
