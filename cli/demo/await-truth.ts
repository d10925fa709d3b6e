import { truthOf } from "../../fleet/sim/truth/overlay.ts";
import type { DemoRun } from "./demo.ts";
import type { DemoFeed, Picture } from "./picture.ts";
import { pause } from "./show.ts";

const POLL_MS = 500;
const SAY_EVERY_MS = 10_000;
/** A busy machine may be slow, but frames that stop coming will not come by waiting. */
const STALLED_MS = 45_000;
const DEADLINE_MS = 5 * 60_000;

/**
 * Waits until enough frames of every pipeline were compared with what the camera showed, as long as more keep coming: of
 * one whose model is another than in `before`, those since then. Returns false, and says so, when that was not reached.
 */
export async function awaitTruth(
  feed: DemoFeed,
  { steps, enoughFrames, signal }: Pick<DemoRun, "steps" | "enoughFrames" | "signal">,
  before?: Picture,
): Promise<boolean> {
  const end = performance.now() + DEADLINE_MS;
  let [saidAtMs, grewAtMs, best] = [-Infinity, performance.now(), -1];
  for (;;) {
    const compared = comparedFrames(feed.picture(), before);
    const least = Math.min(...compared.map(({ frames }) => frames));
    if (compared.length > 0 && least >= enoughFrames) {
      if (saidAtMs >= 0) steps.say("truth", text(compared, enoughFrames));
      return true;
    }
    const now = performance.now();
    if (least !== best) [grewAtMs, best] = [now, least];
    if (now > end || now - grewAtMs > STALLED_MS) {
      steps.say(
        "truth",
        `${text(compared, enoughFrames)}: too few for figures, and no more came in time`,
      );
      return false;
    }
    if (now - saidAtMs >= SAY_EVERY_MS) {
      steps.say("truth", text(compared, enoughFrames));
      saidAtMs = now;
    }
    await pause(POLL_MS, "comparing frames with the truth", signal);
  }
}

interface Compared {
  pipeline: string;
  frames: number;
}

/**
 * Pure: frames of the model that runs, by pipeline. A model that comes back has figures of the last time that it ran, until
 * the keeper notices.
 */
export function comparedFrames({ view, truth }: Picture, before?: Picture): Compared[] {
  return view.devices.flatMap((device) =>
    device.pipelines.map(({ name, model }) => {
      const now = truthOf(truth, device.name, name)?.now;
      const sinceMs = before?.view.generatedAtMs ?? 0;
      const isOld = digestIn(before, device.name, name) === model?.digest;
      const isCurrent = now && (before === undefined || isOld || now.fromMs >= sinceMs);
      return { pipeline: `${device.name}/${name}`, frames: isCurrent ? now.frames.matched : 0 };
    }),
  );
}

function digestIn(picture: Picture | undefined, device: string, pipeline: string) {
  const found = picture?.view.devices.find(({ name }) => name === device);
  return found?.pipelines.find(({ name }) => name === pipeline)?.model?.digest;
}

function text(compared: readonly Compared[], wanted: number): string {
  const counts = compared.map(({ pipeline, frames }) => `${pipeline} ${frames}`).join(", ");
  return `frames compared, ${wanted} wanted: ${counts || "no pipeline"}`;
}
