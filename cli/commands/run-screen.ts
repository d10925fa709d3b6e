import type { AloneLine, Counter, Trouble } from "../../fleet/alone/index.ts";
import { analyticsText } from "../../fleet/contract/index.ts";
import { fit } from "../render/columns.ts";
import { liveLines, perfLine, startedText, summaryLines } from "../render/run-text.ts";

/** Shows what a pipeline says: as JSON, as a screen of the last second, or a line for each. */
export class RunScreen {
  readonly #isJson: boolean;
  readonly #isLive: boolean;
  readonly #isOneOfSeveral: boolean;
  /** Lines on the terminal that the next second overwrites. */
  #height = 0;
  /** A source that is tried again and again says the same each time; by its name. */
  readonly #told = new Map<string, string>();

  constructor({ json = false, perf = false }: { json?: boolean; perf?: boolean }, sources: number) {
    this.#isOneOfSeveral = sources > 1;
    this.#isJson = json;
    this.#isLive = !json && !perf && process.stdout.isTTY;
  }

  /** @param text of the line, as it came */
  show(line: AloneLine, text: string, counter: Counter): void {
    if (this.#isJson) return void process.stdout.write(`${text}\n`);
    switch (line.type) {
      case "started":
        return this.#say(startedText(line));
      case "building":
        return this.#building(line);
      case "analytics":
        this.#clear();
        for (const event of line.events) this.#say(analyticsText(event));
        return;
      case "budget":
        this.#clear();
        return this.#say(line.message);
      case "stats":
        return this.#figures(line, counter);
      case "source":
        if (line.state === "playing") this.#told.delete(line.source ?? "");
        return line.error === null
          ? undefined
          : this.#trouble(
              this.#isOneOfSeveral ? line.state : `source ${line.state}`,
              line,
              line.error,
            );
      case "warning":
        return this.#trouble("warning", line, line.error);
      case "frames":
      case "ended":
      case "failed":
    }
  }

  /** What was done in all; with JSON on standard error, for the lines have said it. */
  end(counter: Counter): void {
    this.#clear();
    const tally = counter.tally();
    if (tally.frames === 0) return;
    const out = this.#isJson ? process.stderr : process.stdout;
    out.write(`${summaryLines(tally).join("\n")}\n`);
  }

  #figures({ stats }: Extract<AloneLine, { type: "stats" }>, counter: Counter): void {
    const tally = counter.tally();
    if (!this.#isLive) return this.#say(perfLine(stats, tally));
    const width = process.stdout.columns;
    const lines = liveLines(stats, tally, width).map((each) => fit(each, width));
    this.#clear();
    process.stdout.write(`${lines.join("\n")}\n`);
    this.#height = lines.length;
  }

  #building({ share, step }: Extract<AloneLine, { type: "building" }>): void {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[Kbuilding an engine: ${Math.round(100 * share)} %, ${step}`);
    if (share >= 1) process.stderr.write("\r\x1b[K");
  }

  #trouble(
    what: string,
    { source = "" }: { source?: string | undefined },
    { code, message }: Trouble,
  ): void {
    if (this.#told.get(source) === message) return;
    this.#told.set(source, message);
    this.#clear();
    const which = this.#isOneOfSeveral ? `source ${source}: ` : "";
    process.stderr.write(`${which}${what}: ${code}: ${message}\n`);
  }

  #say(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  #clear(): void {
    if (this.#height > 0) process.stdout.write(`\x1b[${this.#height}A\x1b[J`);
    this.#height = 0;
  }
}
