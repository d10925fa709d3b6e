/**
 * Models as others published them: what a preview says of each, and what comes of it on a real video. Those of packages are
 * fetched, so this is of the long form (JETFLEET_TEST_FULL).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256Digest } from "../../fleet/release/index.ts";
import { KeptTrials } from "../../infra/provider/model/kept-trials.ts";
import { ModelTrials } from "../../infra/provider/model/try-model.ts";
import { FULL } from "../support/long-form.ts";
import { data, Fixture, ffmpeg, fileSource, hasData, model, needsData, Run } from "./addon.ts";
import {
  type Export,
  fetchExports,
  pathOf,
  REFUSED,
  RUN,
  type Wheels,
} from "./foreign-exports-table.ts";

const WHY = FULL ? needsData : " [skipped: only in the long form, JETFLEET_TEST_FULL=1]";
const MINUTE = 60_000;

describe.skipIf(!FULL || !hasData)(`foreign exports${WHY}`, { timeout: 2 * MINUTE }, () => {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-foreign-"));
  const fixture = new Fixture({ seconds: 0.1 });
  const clip = join(folder, "clip.mp4");
  let wheels: Wheels;
  const trials = new ModelTrials({ kept: new KeptTrials(() => join(folder, "trials")) });

  beforeAll(async () => {
    wheels = await fetchExports(folder);
    // One who looks at the camera.
    const video = data("videos/one-by-one-person-detection.mp4");
    ffmpeg("-ss", "33.5", "-i", video, "-t", "1", "-an", "-c:v", "libx264", clip);
  }, 10 * MINUTE);
  afterAll(() => {
    fixture.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const previewed = (one: Export) => {
    const path = pathOf(one, wheels);
    const bytes = readFileSync(path);
    const { decoder = "auto", labels = ["object"], input } = one;
    const order = { model: path, digest: sha256Digest(bytes), labelCount: labels.length, input };
    return trials.try({ ...order, decoder }, bytes.length, new AbortController().signal);
  };

  const named = RUN.map(([one, ...rest]) => [one.file, one, ...rest] as const);
  test.each(named)("%s runs as it should", async (_, one, decoder, seen) => {
    expect(await previewed(one)).toMatchObject({ decoder });
    const { labels = ["object"], input } = one;
    const options = model(pathOf(one, wheels), { labels, decoder, input, minScore: 0.3 });
    const run = await Run.start(fixture.options({ sources: [fileSource(clip)], model: options }));
    try {
      await run.untilEnded(MINUTE);
    } finally {
      await run.stop();
    }
    expect(run.frames.length).toBeGreaterThan(5);
    const found = run.frames.flatMap(({ detections }) => detections);
    for (const { label, score } of found) {
      expect(labels).toContain(label);
      expect(score).toBeLessThanOrEqual(1);
    }
    if (seen === null) return;
    const having = run.frames.filter((frame) =>
      frame.detections.some(({ label }) => label === seen),
    );
    expect(having.length / run.frames.length).toBeGreaterThan(0.5);
  });

  test.each(REFUSED)("%s is refused in the preview, with the reason", async (_, one, reason) => {
    expect(await previewed(one)).toMatchObject({
      failure: { code: "MODEL_INVALID", reason: expect.stringMatching(reason) },
    });
  });
});
