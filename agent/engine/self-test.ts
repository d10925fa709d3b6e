import type { SelfTestFigures } from "../../fleet/contract/index.ts";
import {
  type Agreement,
  candidatesOf,
  compareFigures,
  OF_ITS_MODEL,
  SAME_ENGINE,
} from "../../fleet/engine/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import type { ModelManifest } from "../../fleet/spec/index.ts";
import { askRunner } from "../supervise/ask-runner.ts";
import type { GoldenFigures, GoldenSubject, GoldenWish } from "../supervise/ipc/golden.ts";
import type { LaunchRunner } from "../supervise/runner-child.ts";
import type { SelfTest } from "./engine-note.ts";
import type { EngineRecipe } from "./recipes.ts";

/** An engine of a large net on a slow processor takes seconds for a picture. */
const DEADLINE_MS = 180_000;

export interface GoldenQuestion {
  launch: LaunchRunner;
  addonPath: string;
  engine: GoldenSubject;
  /** The model as it is; null where no backend here runs it, or where it is no measure. */
  reference: GoldenSubject | null;
  memoryLimitBytes: number;
  signal: AbortSignal;
}

/** What the builder of an engine is to try it with. */
export function goldenWish(
  {
    decoder,
    labels,
    input,
    anchors,
  }: Pick<ModelManifest, "decoder" | "labels" | "input" | "anchors">,
  { reference }: Pick<EngineRecipe, "reference">,
): GoldenWish {
  return { decoder, input, anchors, labelCount: labels.length, reference };
}

/** Runs an engine on the golden pictures of its model, in a process of its own. Throws as `askRunner`. */
export function runSelfTest(question: GoldenQuestion): Promise<GoldenFigures> {
  const { addonPath, engine, reference, ...rest } = question;
  return askRunner({
    ...rest,
    order: { type: "golden", addonPath, engine, reference },
    read: (message) => (message.type === "golden" ? message : undefined),
    who: "The process that tried the engine",
    deadlineMs: DEADLINE_MS,
  });
}

/**
 * Whether an engine does what it should: find what its model finds, and what its builder attested. Throws
 * ENGINE_DIFFERS. Resolves with how near it is to its model; null where that could not be run.
 */
export function judgeSelfTest(
  { engine, reference }: GoldenFigures,
  attested: SelfTestFigures | null,
): Agreement | null {
  if (attested !== null)
    requireAlike("what its builder attested", compareFigures(engine, attested, SAME_ENGINE));
  if (reference === null) return null;
  const agreement = compareFigures(engine, reference, OF_ITS_MODEL);
  requireAlike("what its model finds", agreement);
  return agreement;
}

/** An engine that found nothing in any golden picture was not tried, and is offered to nobody. */
export function saysSomething(figures: SelfTestFigures): boolean {
  return candidatesOf(figures) > 0;
}

/** What is noted of a self-test that was passed. */
export function noteOfTest(figures: SelfTestFigures, agreement: Agreement | null): SelfTest {
  if (agreement === null) return { figures, ofModel: null };
  const { mostScoreOff, leastIou } = agreement;
  return { figures, ofModel: { mostScoreOff, leastIou } };
}

function requireAlike(what: string, { differs }: Agreement): void {
  if (differs === null) return;
  throw new FleetError("ENGINE_DIFFERS", `Expected an engine that finds ${what} but ${differs}`);
}
