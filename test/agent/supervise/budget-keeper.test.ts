import { describe, expect, it } from "vitest";
import {
  type BudgetEvent,
  BudgetKeeper,
  SETTLE_SECONDS,
} from "../../../agent/supervise/budget-keeper.ts";
import {
  BudgetActionData,
  BudgetHeldData,
  BudgetNow,
  budgetText,
  type Pace,
  PipelineStats,
} from "../../../fleet/contract/index.ts";
import { PipelineSpec } from "../../../fleet/spec/index.ts";

const specOf = (uri: string) =>
  PipelineSpec.parse({
    ...{ name: "door", sources: { cam: { uri } }, detect: { model: "street" } },
    track: { algorithm: "bytetrack" },
  });
const CAMERA = specOf("rtsp://camera/ok");
const budget = { latencyP95Ms: 150 };

const times = (p95: number) => ({ p50: p95, p95, p99: p95, max: p95 });
const stage = (name: string, waitMs: number, workMs: number, drops = 0) => ({
  ...{ name, frames: 20, waitMs: times(waitMs), workMs: times(workMs) },
  ...{ queue: { level: 0, max: 1, capacity: 1 }, drops, dropsTotal: drops },
});

interface Figures {
  p95?: number;
  fps?: number;
  wait?: number;
  /** Of each second, by the queue in front of the model. */
  drops?: number;
  state?: "playing" | "lost";
}

const calm = { p95: 80, wait: 0, drops: 0 };

/** A keeper of one pipeline, with what it has done and said. */
class Kept {
  readonly paces: Pace[] = [];
  readonly events: BudgetEvent[] = [];
  readonly keeper: BudgetKeeper;
  #frames = 0;
  #dropped = 0;

  constructor(spec = CAMERA, settled = true) {
    this.keeper = new BudgetKeeper({
      ...{ name: "door", spec },
      setPace: (pace) => this.paces.push(pace),
      onEvent: (event) => this.events.push(event),
    });
    if (settled) this.seconds(SETTLE_SECONDS, calm);
  }

  /** What it says after so many seconds of these figures. */
  seconds(count: number, figures: Figures, limits: PipelineSpec["budget"] = budget) {
    let now: BudgetNow | undefined;
    for (let second = 0; second < count; second += 1) {
      now = this.keeper.second(this.#stats(figures), limits);
    }
    return now;
  }

  #stats({ p95 = 240, fps = 20, wait = 100, drops = 5, state = "playing" }: Figures) {
    this.#frames += fps;
    this.#dropped += drops;
    return PipelineStats.parse({
      ...{ name: "door", fps, framesTotal: this.#frames, droppedTotal: this.#dropped },
      ...{ latencyMs: fps === 0 ? null : times(p95), latencyFrom: "capture" },
      stages: [
        stage("decode", 500, 5),
        stage("preprocess", wait, 1, drops),
        stage("detect", 0, 60),
      ],
      ...{ tracksTotal: 0, copiesPerFrame: 1, copiedBytesPerFrame: 1 },
      source: { state, reconnects: 0 },
    });
  }
}

describe("a budget's keeper", () => {
  it("sets the pace, says why, and takes it back", () => {
    const kept = new Kept();
    expect(kept.seconds(4, {})).toBeUndefined();
    const now = BudgetNow.parse(kept.seconds(1, {}));
    expect(budgetText(now)).toBe("detect every 2nd frame: p95 240 of 150 ms");
    expect(budgetText(BudgetNow.parse(kept.seconds(5, { p95: 200 })))).toBe(
      "detect every 3rd frame: p95 200 of 150 ms",
    );
    expect(kept.seconds(14, calm), "what is in force is said as long as it is").toMatchObject({
      ...{ acts: true, measured: 200, pace: { detectInterval: 3, admitEvery: 1 } },
    });
    kept.seconds(1, calm);
    expect(kept.seconds(15, calm)).toBeUndefined();
    expect(kept.paces.map(({ detectInterval }) => detectInterval)).toEqual([2, 3, 2, 1]);
    expect(kept.events.map(({ message }) => message)).toEqual([
      "detect every 2nd frame: p95 240 of 150 ms over 5 s",
      "detect every 3rd frame: p95 200 of 150 ms over 5 s",
      "detect every 2nd frame again: p95 80 of 150 ms over 15 s",
      "detect every frame again: p95 80 of 150 ms over 15 s",
    ]);
    expect(BudgetActionData.parse(kept.events[0]?.data)).toEqual({
      ...{ pipeline: "door", undone: false },
      from: { detectInterval: 1, admitEvery: 1 },
      to: { detectInterval: 2, admitEvery: 1 },
      because: { limit: "latencyP95Ms", measured: 240, wanted: 150, overSeconds: 5 },
    });
  });

  it("ends with every 4th live frame, of which every 8th is detected, and says that this is all", () => {
    const kept = new Kept();
    const text = budgetText(BudgetNow.parse(kept.seconds(100, {})));
    const pace = "detect every 8th frame, admit every 4th live one";
    expect(text).toBe(`${pace}: p95 240 of 150 ms; there is no further step to take`);
    expect(kept.events.filter(({ kind }) => kind === "budget-held")).toHaveLength(1);
    expect(kept.paces).toHaveLength(8);
  });

  it.each<[string, Figures, PipelineSpec["budget"], string]>([
    [
      "the camera itself sends less",
      { fps: 8, drops: 0 },
      { minFps: 10 },
      "nothing is done: 8.0 of 10 fps; the sources themselves send less",
    ],
    [
      "the camera is lost",
      { fps: 0, drops: 0, state: "lost" },
      { minFps: 10 },
      "nothing is done: 0.0 of 10 fps; a source does not play",
    ],
    [
      "the time is spent before the model",
      { wait: 10, drops: 0 },
      budget,
      "nothing is done: p95 240 of 150 ms; nothing waits for the model, so less work for it would not help",
    ],
  ])("does nothing where %s, and says so once", (_what, figures, limits, text) => {
    const kept = new Kept();
    const now = BudgetNow.parse(kept.seconds(60, figures, limits));
    expect(budgetText(now)).toBe(text);
    expect(kept.paces).toEqual([]);
    expect(kept.events.map(({ kind, message }) => [kind, message])).toEqual([
      ["budget-held", text],
    ]);
    expect(BudgetHeldData.parse(kept.events[0]?.data).held).toBe(now.held);
    expect(kept.seconds(5, calm, { minFps: 1 }), "until it is kept again").toBeUndefined();
  });

  it("waits for the first frame, for what has begun to settle, and for a whole window of that", () => {
    const kept = new Kept(CAMERA, false);
    expect(kept.seconds(60, { fps: 0, drops: 0 }, { minFps: 10 })).toBeUndefined();
    kept.seconds(SETTLE_SECONDS + 4, {});
    kept.keeper.begin(CAMERA);
    kept.seconds(SETTLE_SECONDS + 4, {});
    expect(kept.paces).toEqual([]);
    kept.seconds(1, {});
    expect(kept.paces).toHaveLength(1);
    kept.keeper.begin(CAMERA);
    expect(kept.seconds(1, calm), "what is done stays").toMatchObject({ acts: true });
  });

  it("leaves out no frames of a file, whose source waits", () => {
    const kept = new Kept(specOf("file:///video.mp4"));
    kept.seconds(100, {});
    expect(kept.paces.map((pace) => pace.admitEvery)).toEqual([1, 1, 1, 1, 1]);
    const live = new Kept();
    live.seconds(100, {});
    live.keeper.begin(specOf("file:///video.mp4"));
    expect(live.paces.at(-1), "also when a camera becomes a file").toEqual({
      ...{ detectInterval: 8, admitEvery: 1 },
    });
  });

  it("takes everything back when the budget is gone", () => {
    const kept = new Kept();
    kept.seconds(20, {});
    expect(kept.seconds(1, {}, {})).toBeUndefined();
    expect(kept.paces.at(-1)).toEqual({ detectInterval: 1, admitEvery: 1 });
    expect(kept.events.at(-1)?.message).toBe(
      "detect every frame again: there is no budget for it any more",
    );
  });
});

describe("statistics with a budget", () => {
  it("stay readable where a newer agent says it in other words", () => {
    expect(BudgetNow.safeParse({ limit: "maxWatts" }).success).toBe(false);
    const stats = PipelineStats.parse({
      ...{ name: "door", fps: 1, framesTotal: 1, droppedTotal: 0, latencyMs: null },
      ...{ latencyFrom: "arrival", stages: [], tracksTotal: 0, copiesPerFrame: 0 },
      ...{ copiedBytesPerFrame: 0, source: { state: "playing", reconnects: 0 } },
      budget: { limit: "maxWatts" },
    });
    expect(stats.budget).toBeUndefined();
  });
});
