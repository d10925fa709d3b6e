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
 * Waits until enough frames of every pipeline were compared with what the camera showed, as long as more keep coming.
 * Returns false, and says so, when that was not reached.
 */
export async function awaitTruth(
  feed: DemoFeed,
  { steps, enoughFrames, signal }: Pick<DemoRun, "steps" | "enoughFrames" | "signal">,
): Promise<boolean> {
  const end = performance.now() + DEADLINE_MS;
  let [saidAtMs, grewAtMs, best] = [-Infinity, performance.now(), -1];
  for (;;) {
    const compared = comparedFrames(feed.picture());
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

/** Pure: frames of the model that runs, by pipeline. */
export function comparedFrames({ view, truth }: Picture): Compared[] {
  return view.devices.flatMap((device) =>
    device.pipelines.map(({ name }) => ({
      pipeline: `${device.name}/${name}`,
      frames: truthOf(truth, device.name, name)?.now?.frames.matched ?? 0,
    })),
  );
}

function text(compared: readonly Compared[], wanted: number): string {
  const counts = compared.map(({ pipeline, frames }) => `${pipeline} ${frames}`).join(", ");
  return `frames compared, ${wanted} wanted: ${counts || "no pipeline"}`;
}
