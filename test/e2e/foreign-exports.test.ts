/**
 * Models as others published them, by `pulumi preview`, `pulumi up` and a real video onto a simulated board: what arrives over
 * MQTT is what an offline run finds in the same pictures, and what cannot be read is refused before it. The long form, of
 * which JETFLEET_TEST_FULL=1 makes the whole table, tells a line of each.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DetectedFrame, iou } from "../../fleet/contract/index.ts";
import type { Decoder } from "../../fleet/spec/index.ts";
import {
  data,
  Fixture,
  ffmpeg,
  fileSource,
  hasData,
  model,
  needsData,
  Run,
} from "../native/addon.ts";
import {
  type Export,
  fetchExports,
  pathOf,
  REFUSED,
  RUN,
  type Wheels,
} from "../native/foreign-exports-table.ts";
import { FULL } from "../support/long-form.ts";
import { SharedProgram } from "./support/shared-program.ts";
import { DEVICE, SmallWorld } from "./support/small-world.ts";

const MINUTE = 60_000;
/** In the ordinary run: a family that real-input.test.ts does not have, and a refusal; nothing is fetched. */
const ORDINARY = new Set(["yunet_n_320.onnx", "YOLOX's other export"]);
const run = RUN.filter(([{ file }]) => FULL || ORDINARY.has(file));
const refused = REFUSED.filter(([what]) => FULL || ORDINARY.has(what));
/** Of the clip, which is sent over and over: a frame that a busy machine drops comes again. */
const FRAMES = 15;
/** As in real-input.test.ts: the same arithmetic on both ways. */
const SAME = { iou: 0.97, score: 0.005 };

describe.skipIf(!hasData)(`foreign exports on a simulated Xavier${needsData}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-exports-"));
  const fixture = new Fixture({ seconds: 0.1 });
  const clip = join(folder, "clip.mp4");
  let wheels: Wheels = {};
  let world: SmallWorld;
  let program: SharedProgram;

  beforeAll(async () => {
    if (FULL) wheels = await fetchExports(folder);
    // One who looks at the camera; slowly, for models of all sizes on a busy machine.
    const from = ["-ss", "33.5", "-i", data("videos/one-by-one-person-detection.mp4")];
    const slow = ["-vf", "setpts=N/5/TB", "-r", "5", "-frames:v", String(FRAMES), "-an"];
    ffmpeg(...from, ...slow, ...["-c:v", "libx264", "-bf", "0", "-g", "5"], clip);
    world = await SmallWorld.create("agx-xavier");
    await world.startCamera({ file: clip, loop: true });
    await world.configure();
    program = await SharedProgram.create(world, "exports", "agx-xavier");
    const up = await world.up();
    expect(up.code, up.text).toBe(0);
  }, 10 * MINUTE);
  afterAll(async () => {
    fixture.dispose();
    rmSync(folder, { recursive: true, force: true });
    await world?.end();
  }, MINUTE);

  /** As a program declares it. */
  const declared = (one: Export) => {
    const { labels = ["object"], decoder, input, minScore = 0.3 } = one;
    return { model: pathOf(one, wheels), labels, decoder, input, minScore };
  };

  const named = run.map(([one, ...rest], at) => [one.file, `p${at}`, one, ...rest] as const);
  it.each(named)(
    "%s passes the preview and finds on the board what it finds offline",
    async (file, name, one, decoder, thing) => {
      const asked = { name, ...declared(one) };
      const preview = await program.preview([asked]);
      expect(preview.code, preview.text).toBe(0);
      const up = await program.up([asked]);
      expect(up.code, up.text).toBe(0);
      const golden = await offline(one, decoder);
      const live = await onBoard(name);
      let [boxes, matched] = [0, 0];
      for (const [at, frame] of live) {
        const right = golden[at]?.detections ?? [];
        expect(frame.detections.length, `frame ${at}`).toBe(right.length);
        boxes += right.length;
        matched += right.filter((box) => frame.detections.some((it) => isSame(it, box))).length;
      }
      tell([
        ...[file, decoder, "passes", "runs"],
        ...[String(live.size), `${matched} of ${boxes}`],
      ]);
      expect(matched).toBe(boxes);
      if (thing !== null) expect(boxes).toBeGreaterThan(FRAMES / 2);
      // Vectors are no boxes, so that a pipeline has none of them.
      if (decoder !== "reid") expect(boxes).toBeGreaterThan(0);
    },
    4 * MINUTE,
  );

  it.each(refused)(
    "%s is refused in the preview, with code and reason",
    async (what, one, reason) => {
      const preview = await program.preview([{ name: "refused", ...declared(one) }]);
      expect(preview.code).not.toBe(0);
      expect(preview.text).toMatch(/MODEL_INVALID: /);
      expect(preview.text.replace(/\s+/g, " ")).toMatch(reason);
      tell([`${one.file} (${what})`, one.decoder ?? "auto", "MODEL_INVALID", "no", "", ""]);
    },
    2 * MINUTE,
  );

  /** The same model over the same file, frame by frame from the disk. */
  async function offline(one: Export, decoder: Decoder): Promise<DetectedFrame[]> {
    const { model: path, ...rest } = declared(one);
    const options = model(path, { ...rest, decoder });
    const offline = await Run.start(
      fixture.options({ sources: [fileSource(clip)], model: options }),
    );
    try {
      await offline.untilEnded(MINUTE);
    } finally {
      await offline.stop();
    }
    expect(offline.frames).toHaveLength(FRAMES);
    return offline.frames;
  }

  /** Frames that came over MQTT, by their place in the clip. */
  async function onBoard(pipeline: string): Promise<Map<number, DetectedFrame>> {
    const seen = new Map<number, DetectedFrame>();
    const link = await world.client().connectMqtt();
    try {
      await link.subscribe(DEVICE, "detections", (batch) => {
        if (batch.pipeline !== pipeline) return;
        for (const frame of batch.frames) seen.set((frame.sourceFrame ?? -1) % FRAMES, frame);
      });
      const waited = { timeout: MINUTE, interval: 100 };
      await expect.poll(() => seen.size, waited).toBeGreaterThanOrEqual(FRAMES);
    } finally {
      await link.close();
    }
    expect(seen.has(-1)).toBe(false);
    return seen;
  }
});

/** A line of the table: model, family, preview, deployed, frames, boxes matched of golden. */
function tell(row: readonly string[]): void {
  if (FULL) process.stdout.write(`| ${row.join(" | ")} |\n`);
}

type Found = DetectedFrame["detections"][number];

function isSame(one: Found, other: Found): boolean {
  return (
    one.label === other.label &&
    iou(one.box, other.box) >= SAME.iou &&
    Math.abs(one.score - other.score) <= SAME.score
  );
}
