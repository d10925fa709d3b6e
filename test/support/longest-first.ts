import { existsSync } from "node:fs";
import path from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files of which each takes more than a minute, the longest first, so that none begins when all others have ended.
 */
const LONGEST = [
  "e2e/errors/pipeline",
  "infra/provider/device",
  "agent/power-cuts",
  "agent/secondary",
  "e2e/update",
  "infra/provider/pc-container",
  "infra/provider/device-moves",
  "e2e/first-light",
  "e2e/errors/board",
  "cli/run",
  "cli/history/commands",
  "agent/failed-updates",
  "e2e/foreign-exports",
  "agent/building",
  "cli/history/journey",
  "infra/provider/pc",
  "e2e/robustness/outages",
  "agent/side-by-side",
  "hub/enrolment/enrol",
  "agent/preview-agrees",
  "e2e/real-input",
  "infra/engine/components",
  "agent/fetching",
  "infra/provider/pipeline",
  "e2e/programs",
  "agent/daemon",
  "agent/disk-faults",
  "cli/status",
  "fleet/ssh/ssh",
  "agent/model-exchange",
  "agent/identity",
  "hub/deploy",
  "infra/provider/device-controls",
  "cli/console",
];

const ROOT = path.resolve(import.meta.dirname, "..");

/** Project after project as vitest has them, but for the files above, which go first whatever project they are of. */
export class LongestFirst extends BaseSequencer {
  readonly #places = new Map(LONGEST.map((name, place) => [fileOf(name), place]));

  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files.filter((file) => !this.#isLong(file)));
    const long = files.filter((file) => this.#isLong(file));
    long.sort((a, b) => this.#placeOf(a) - this.#placeOf(b));
    return [...long, ...others];
  }

  #isLong(file: TestSpecification): boolean {
    return this.#places.has(file.moduleId);
  }

  #placeOf(file: TestSpecification): number {
    return this.#places.get(file.moduleId) ?? LONGEST.length;
  }
}

function fileOf(name: string): string {
  const file = path.join(ROOT, `${name}.test.ts`);
  if (!existsSync(file)) throw new Error(`${file} is among the longest tests, and is not there`);
  return file;
}
