import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AloneLine } from "../../fleet/alone/index.ts";
import { Fixture, ffmpeg } from "../native/addon.ts";
import { heavyModel } from "../native/tiny-model.ts";

const MAIN = join(import.meta.dirname, "../../cli/main.ts");
const FRAMES = 25;
let fixture: Fixture;
let labels: string;
beforeAll(() => {
  fixture = new Fixture();
  labels = fixture.file("labels.txt");
  writeFileSync(labels, "traffic light\n");
});
afterAll(() => fixture.dispose());

function run(...args: string[]) {
  const child = spawnSync(process.execPath, [MAIN, "run", ...args], {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, TMPDIR: fixture.folder, INIT_CWD: fixture.folder },
  });
  return { status: child.status, out: child.stdout, err: child.stderr };
}
const given = (): string[] => ["tiny.onnx", "--source", "video.mp4", "--labels", labels];

function linesOf(out: string): AloneLine[] {
  return out
    .trim()
    .split("\n")
    .map((line) => AloneLine.parse(JSON.parse(line)));
}

describe("jetfleet run", { timeout: 60_000 }, () => {
  test("runs a model over a file to its end, and tells what it did", () => {
    const { status, out, err } = run(...given(), "--accelerator", "cpu", "--track", "sort");
    expect([status, err]).toEqual([0, ""]);
    expect(out).toMatch(/tiny\.onnx \([0-9a-f]{8}\) on cpu, .*onnxruntime/);
    expect(out).toMatch(
      /^25 frames in \d+\.\d s, [\d.]+ a second; objects: 25 traffic light; 1 tracks$/m,
    );
    expect(readdirSync(fixture.folder).filter((one) => one.startsWith("jetfleet-run-"))).toEqual(
      [],
    );
  });

  test("prints lines of JSON, all frames in their order, and ends with why", () => {
    const { status, out } = run(...given(), "--json");
    expect(status).toBe(0);
    const lines = linesOf(out);
    expect(lines[0]).toMatchObject({ type: "started", accelerator: "cpu", precision: null });
    expect(lines.at(-1)).toEqual({ type: "ended", why: "source" });
    const frames = lines.flatMap((line) => (line.type === "frames" ? line.frames : []));
    expect(frames.map(({ index }) => index)).toEqual([...Array(FRAMES).keys()]);
    expect(frames[0]?.detections).toMatchObject([{ label: "traffic light", score: 0.81 }]);
  });

  test("ends after so many frames, and writes them as KITTI does", () => {
    const { status } = run(...given(), "--frames", "4", "--loop", "--kitti", "out");
    expect(status).toBe(0);
    const folder = fixture.file("out/source");
    expect(readdirSync(folder).sort()).toEqual([0, 1, 2, 3].map((n) => `00000${n}.txt`));
    expect(readFileSync(join(folder, "000003.txt"), "utf8")).toMatch(
      /^traffic_light -1 -1 -10 [\d.]+ [\d.]+ [\d.]+ [\d.]+ -1 -1 -1 -1000 -1000 -1000 -10 0\.8100\n$/,
    );
  });

  const hooked = (name: string, code: string) => {
    writeFileSync(fixture.file(name), code);
    return run(...given(), "--json", "--hook", name);
  };

  test.each([
    [
      "gets each frame, in its order",
      `let next = 0;
       export default async ({ index, detections }) => {
         if (index !== next++ || detections[0].label !== "traffic light") throw new Error("odd");
       };`,
      /^hook hook\.mjs: called 25 times, slowest [\d.]+ ms$/m,
    ],
    [
      "fails now and then",
      `export default ({ index }) => {
         console.log("seen");
         if (index % 5 === 1) throw new Error("no " + index);
       };`,
      /^hook hook\.mjs failed: no 1\n[^]*: called 25 times, 5 failed \(no 21\), slowest/m,
    ],
    [
      "never answers",
      "export default () => { for (;;); };",
      /^hook hook\.mjs: called 0 times, 25 left out, slowest 0\.0 ms$/m,
    ],
    [
      "ends",
      "export default ({ index }) => { if (index === 3) process.exit(9); };",
      /is gone: its thread ended with 9; the pipeline goes on without it\n[^]*called 3 times, 22 left out/m,
    ],
  ])("has a hook beside the frames that %s, and loses no frame for it", (_, code, said) => {
    const { status, out, err } = hooked("hook.mjs", code);
    expect([status, err]).toEqual([0, expect.stringMatching(said)]);
    const frames = linesOf(out).flatMap((line) => (line.type === "frames" ? line.frames : []));
    expect(frames.map(({ index }) => index)).toEqual([...Array(FRAMES).keys()]);
  });

  test.each([
    ["exports no function", "export const other = 1;", /its default export is undefined/],
    ["cannot be loaded", "import './none.mjs';", /Cannot find module/],
  ])("refuses a hook that %s", (_, code, said) => {
    const { status, err } = hooked("unusable.mjs", code);
    expect([status, err]).toEqual([2, expect.stringMatching(said)]);
  });

  test("detects in every nth frame, and takes the others for no empty pictures", () => {
    const every = ["--interval", "5", "--track", "bytetrack"];
    const { status, out } = run(...given(), ...every, "--json", "--kitti", "fifth");
    expect(status).toBe(0);
    const lines = linesOf(out);
    const frames = lines.flatMap((line) => (line.type === "frames" ? line.frames : []));
    expect(frames.map(({ index }) => index)).toEqual([...Array(FRAMES).keys()]);
    for (const { index, skipped, detections, tracks } of frames) {
      expect(skipped).toBe(index % 5 === 0 ? undefined : "interval");
      expect(detections).toHaveLength(index % 5 === 0 ? 1 : 0);
      expect(tracks).toMatchObject([{ label: "traffic light", trackId: 1 }]);
    }
    expect(readdirSync(fixture.file("fifth/source")).sort()).toEqual(
      [0, 5, 10, 15, 20].map((n) => `0000${String(n).padStart(2, "0")}.txt`),
    );
    expect(lines.findLast((line) => line.type === "stats")?.stats.source.detect).toEqual({
      interval: 5,
      detectedTotal: 5,
      skipped: [{ reason: "interval", total: 20 }],
    });
    const bare = run(...given(), "--interval", "5");
    expect(bare.status).not.toBe(0);
    expect(bare.err).toContain("--interval: needs a tracker for the frames between");
  });

  test("runs several sources, each with frames of its own, until the last has ended", () => {
    const video = ["--source", "video.mp4"];
    const { status, out } = run(...given(), ...video, "--json", "--kitti", "several");
    expect(status).toBe(0);
    const lines = linesOf(out);
    const frames = lines.flatMap((line) => (line.type === "frames" ? line.frames : []));
    for (const name of ["source1", "source2"]) {
      const own = frames.filter(({ source }) => source === name);
      expect(own.map(({ index }) => index)).toEqual([...Array(FRAMES).keys()]);
      expect(readdirSync(fixture.file(`several/${name}`))).toHaveLength(FRAMES);
    }
    const ended = lines.filter((line) => line.type === "source" && line.state === "ended");
    expect(ended).toHaveLength(2);
    const last = lines.findLast((line) => line.type === "stats");
    expect(last?.stats).toMatchObject({
      framesTotal: 2 * FRAMES,
      sources: [
        { name: "source1", state: "ended", framesTotal: FRAMES },
        { name: "source2", state: "ended", framesTotal: FRAMES },
      ],
    });
  });

  test("runs a pipeline's file, from where it lies, with options instead of what it says", () => {
    writeFileSync(
      fixture.file("door.yaml"),
      `model: { source: tiny.onnx, labels: [door] }
sources: { camera: { uri: "file://${fixture.video}" } }
detect: { minScore: 0.9 }
`,
    );
    const silent = run("door.yaml");
    expect([silent.status, silent.out]).toEqual([0, expect.stringContaining("25 frames in")]);
    expect(silent.out).toContain("no objects");
    expect(run("door.yaml", "--min-score", "0.5").out).toContain("objects: 25 door");
  });

  test("does not look at pictures that show nothing new, and says so", () => {
    const still = fixture.file("still.mp4");
    const source = "color=gray:size=128x96:rate=25:duration=4";
    ffmpeg("-f", "lavfi", "-i", source, "-c:v", "libx264", "-pix_fmt", "yuv420p", still);
    writeFileSync(
      fixture.file("still.yaml"),
      `model: { source: tiny.onnx, labels: [door] }
sources: { camera: { uri: "file://${still}" } }
detect: { motion: { keepAliveMs: 1000 } }
track: {}
`,
    );
    const { status, out } = run("still.yaml", "--json");
    expect(status).toBe(0);
    const lines = linesOf(out);
    const frames = lines.flatMap((line) => (line.type === "frames" ? line.frames : []));
    expect(frames.map(({ index }) => index)).toEqual([...Array(100).keys()]);
    const skipped = frames.filter((frame) => frame.skipped === "still");
    // The object counts as moving for its first second.
    expect(skipped.length).toBeGreaterThan(60);
    for (const { tracks } of frames) expect(tracks).toMatchObject([{ trackId: 1 }]);
    expect(lines.findLast((line) => line.type === "stats")?.stats.source.detect).toEqual({
      interval: 1,
      detectedTotal: 100 - skipped.length,
      skipped: [{ reason: "still", total: skipped.length }],
    });
  });

  test("looks at a part of the picture, and tells where things are in the whole", () => {
    const text = (regions: string): string => `model: { source: tiny.onnx, labels: [door] }
sources: { camera: { uri: "file://${fixture.video}" } }
${regions}`;
    const allBoxesOf = (regions: string) => {
      writeFileSync(fixture.file("part.yaml"), text(regions));
      const { status, out } = run("part.yaml", "--json", "--frames", "1");
      expect(status).toBe(0);
      const lines = out.split("\n").filter((line) => line.startsWith('{"type":"frames"'));
      const line = AloneLine.parse(JSON.parse(lines[0] ?? ""));
      if (line.type !== "frames") throw new Error("No frames");
      const [frame] = line.frames;
      expect([frame?.width, frame?.height]).toEqual([128, 96]);
      return frame?.detections.map(({ box }) => box) ?? [];
    };
    const boxesOf = (regions: string) => allBoxesOf(regions)[0] ?? [];
    const [left = 0, top = 0, width = 0, height = 0] = boxesOf("");
    // A part of the same proportions: what is seen there is half as large.
    const part = boxesOf(
      "detect: { regions: [{ source: camera, left: 0.5, top: 0.25, width: 0.5, height: 0.5 }] }",
    );
    const expected = [64 + left / 2, 24 + top / 2, width / 2, height / 2];
    for (const [n, value] of expected.entries()) expect(part[n]).toBeCloseTo(value, 1);
    const both = allBoxesOf(`detect:
  regions:
    - { left: 0.5, top: 0.25, width: 0.5, height: 0.5 }
    - { source: camera, left: 0, top: 0.25, width: 0.5, height: 0.5 }`);
    expect(both).toHaveLength(2);
    expect(both.map(([x = 0]) => Math.round(x)).sort((a, b) => a - b)).toEqual(
      [left / 2, 64 + left / 2].map(Math.round),
    );
    writeFileSync(
      fixture.file("part.yaml"),
      text("detect: { regions: [{ source: gate, left: 0, top: 0, width: 1, height: 1 }] }"),
    );
    expect(run("part.yaml").err).toContain(
      "detect.regions: names gate, which is none of the sources camera",
    );
  });

  const ZONES = "analytics: { zones: { all: { points: [[0, 0], [1, 0], [1, 1], [0, 1]] } } }";
  const yamlOf = (name: string, ...lines: string[]) => {
    const file = fixture.file(`${name}.yaml`);
    const video = JSON.stringify(`file://${fixture.video}`);
    const model = "model: { source: tiny.onnx, labels: [thing] }";
    writeFileSync(file, [model, `sources: { cam: { uri: ${video} } }`, ...lines].join("\n"));
    return file;
  };

  test("tells of the zones of a file, in words and as lines of JSON", () => {
    const file = yamlOf("zones", "track: {}", ZONES);
    const { status, out } = run(file);
    expect(status).toBe(0);
    expect(out).toMatch(/^thing 1 entered all at cam \(score 0\.81\)$/m);
    expect(out).toMatch(/^thing 1 was in, when the source ended, all after 1\.0 s at cam/m);
    expect(out).toMatch(/^ {2}zone all: 0 now, 1 entered, 1\.0 s on average$/m);
    const events = run(file, "--json")
      .out.trim()
      .split("\n")
      .map((line) => AloneLine.parse(JSON.parse(line)))
      .flatMap((line) => (line.type === "analytics" ? line.events : []));
    expect(events).toMatchObject([
      { kind: "zone-entered", place: "all", source: "cam", trackId: 1, label: "thing" },
      { kind: "zone-left", end: "source-ended", dwellMs: 960 },
    ]);
  });

  test("keeps the budget of a file by looking at fewer frames, and says so", async () => {
    writeFileSync(fixture.file("heavy.onnx"), heavyModel(10));
    const file = yamlOf("budget", "track: {}", "budget: { minFps: 9999 }");
    const heavy = readFileSync(file, "utf8").replace("tiny.onnx", "heavy.onnx");
    writeFileSync(file, heavy);
    const args = [MAIN, "run", file, "--loop", "--json"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const whole = () => linesOf(out.slice(0, out.lastIndexOf("\n")));
    const kept = () =>
      whole().some((line) => line.type === "stats" && line.stats.source.detect?.interval === 2);
    await expect.poll(kept, { timeout: 50_000 }).toBe(true);
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(130);
    const lines = whole();
    expect(lines.find(({ type }) => type === "budget")).toMatchObject({
      ...{ kind: "budget-action" },
      message: expect.stringMatching(/^detect every 2nd frame: [\d.]+ of 9999 fps over 5 s$/),
    });
    const shown = lines.flatMap((line) => (line.type === "stats" ? [line.stats.budget] : []));
    expect(shown.at(-1)).toMatchObject({ acts: true, limit: "minFps", wanted: 9999 });
  });

  test.each([
    ["no tracker", "", /SPEC_INVALID: analytics: needs a tracker[^]*Add `track: \{\}`/],
    ["a label that the model lacks", "track: {}", /analytics\.lines\.door\.labels: .*no cat/],
  ])("refuses lines with %s", (_what, track, why) => {
    const label = track === "" ? "thing" : "cat";
    const line = `analytics: { lines: { door: { from: [0, 0.5], to: [1, 0.5], labels: [${label}] } } }`;
    const { status, err } = run(yamlOf("lines", track, line));
    expect(status).toBe(2);
    expect(err).toMatch(why);
  });

  test.each<[string, string[], RegExp]>([
    ["a model that is not there", ["none.onnx", "--source", "video.mp4"], /USAGE: .*none\.onnx/],
    ["no source", ["tiny.onnx"], /USAGE: Expected --source/],
    [
      "a tracker that nobody has",
      [...["tiny.onnx", "--source", "video.mp4"], "--track", "magic"],
      /USAGE: --track/,
    ],
    [
      "a video that is none",
      ["tiny.onnx", "--source", "tiny.onnx", "--labels", "labels.txt"],
      /SOURCE_/,
    ],
    ["labels of another model", ["tiny.onnx", "--source", "video.mp4"], /MODEL_INVALID: /],
    [
      "no number of frames",
      ["tiny.onnx", "--source", "video.mp4", "--frames", "x"],
      /USAGE: --frames/,
    ],
  ])("refuses %s", (_what, args, why) => {
    const { status, err } = run(...args);
    expect(status).toBe(2);
    expect(err).toMatch(why);
  });

  test("does not show a camera's password, and ends on Ctrl-C with its process", async () => {
    const uri = "rtsp://admin:geheim@127.0.0.1:1/door";
    const args = [MAIN, "run", fixture.model, "--labels", labels, "--source", uri, "--json"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    await expect.poll(() => out, { timeout: 50_000 }).toMatch(/"code":"SOURCE_UNREACHABLE"/);
    const [agent = ""] = readFileSync(
      `/proc/${child.pid}/task/${child.pid}/children`,
      "utf8",
    ).split(" ");
    expect(readFileSync(`/proc/${agent}/cmdline`, "utf8")).toContain("pipeline");
    expect(readFileSync(`/proc/${agent}/cmdline`, "utf8")).not.toContain("geheim");
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(130);
    expect(out).not.toContain("geheim");
    expect(out.trim().split("\n").at(-1)).toBe('{"type":"ended","why":"stopped"}');
    expect(existsSync(`/proc/${agent}`)).toBe(false);
  });
});
