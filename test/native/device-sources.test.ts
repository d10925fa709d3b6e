/** Sources at the machine itself. No camera is here: what is not there must be told, and the test pattern must play. */
import { afterAll, describe, expect, test } from "vitest";
import { SourceUri } from "../../fleet/spec/index.ts";
import { Fixture, Run } from "./addon.ts";

const fixture = new Fixture();
afterAll(() => fixture.dispose());

function start(uri: string): Promise<Run> {
  const source = { uri, transport: "tcp", loop: false, timeoutMs: 1500 } as const;
  return Run.start(fixture.options({ sources: [source] }));
}

describe("a test pattern", () => {
  test("plays at its rate and size, as a live source that nothing decodes", async () => {
    await using run = await start("test://ball?width=320&height=240&fps=20");
    await run.until((r) => r.frames.length >= 40 && r.stats.length > 0);
    const { frames, states, stats } = run;
    expect(states).toEqual(["connecting", "playing"]);
    expect(`${frames[0]?.width}x${frames[0]?.height}`).toBe("320x240");
    const ms = (frames[39]?.ptsMs ?? 0) - (frames[0]?.ptsMs ?? 0);
    expect(ms / 39).toBeCloseTo(50, 0);
    expect(stats.at(-1)?.source.decoder).toBe("none");
    expect(stats.at(-1)?.source.transport).toBeUndefined();
  });

  test("plays beside a file, and neither waits for the other", async () => {
    const file = { uri: fixture.video, transport: "tcp", loop: true, timeoutMs: 1500 } as const;
    const pattern = { ...file, uri: "test://smpte?width=64&height=48&fps=10", loop: false };
    const sources = [
      { ...file, name: "film" },
      { ...pattern, name: "pattern" },
    ];
    await using run = await Run.start(fixture.options({ sources }));
    const of = (name: string) => run.frames.filter((frame) => frame.source === name).length;
    await run.until(() => of("film") > 30 && of("pattern") > 10);
    expect(run.states.filter((state) => state !== "connecting")).toEqual(["playing", "playing"]);
  });
});

describe("what is not there is told, and tried again", () => {
  test.each([
    ["a device that is none", "v4l2:///dev/video63", "SOURCE_UNREACHABLE", "/dev/video63"],
    ["the same, of JPEG", "v4l2:///dev/video63?format=mjpeg", "SOURCE_UNREACHABLE", "/dev/video63"],
    ["a file for a device", "v4l2:///dev/null", "SOURCE_UNREACHABLE", "/dev/null"],
    ["a sensor without a Jetson", "csi://0", "NATIVE_LOAD", "nvarguscamerasrc"],
    ["a pattern that is none", "test://nonsense", "SOURCE_UNSUPPORTED", "test://smpte"],
    ["a setting that is none", "test://ball?size=3", "SOURCE_UNSUPPORTED", "width, height or fps"],
    [
      "a width that is none",
      "test://ball?width=-3",
      "SOURCE_UNSUPPORTED",
      "a whole number from 1 to 16384 for width",
    ],
    ["a format that is none", "v4l2:///dev/null?format=x", "SOURCE_UNSUPPORTED", "mjpeg"],
  ])("%s", async (_, uri, code, text) => {
    await using run = await start(uri);
    await run.until((r) => r.states.filter((state) => state === "connecting").length >= 2);
    const lost = run.messages.find((m) => m.type === "source" && m.state === "lost");
    expect(lost).toMatchObject({ error: { code, message: expect.stringContaining(text) } });
    expect(run.frames).toEqual([]);
  });
});

describe("an address is judged before anything is sent", () => {
  test.each([
    "v4l2:///dev/video0",
    "v4l2:///dev/v4l/by-id/usb-046d_C920-video-index0?format=mjpeg&width=1280&height=720&fps=30",
    "csi://1?width=3840&height=2160&fps=30",
    "test://",
    "test://smpte75?fps=5",
    "rtsp://10.0.9.1/stream1?width=x",
    "file:///videos/a.mkv",
  ])("%s is one", (uri) => expect(SourceUri.safeParse(uri).success).toBe(true));

  test.each([
    ["http://10.0.9.1/", "must begin with"],
    ["v4l2://video0", "must name a device"],
    ["csi://front", "the number of a sensor"],
    ["test://../x", "a pattern of videotestsrc"],
    ["csi://0?format=raw", "takes width, height, fps behind the ?, not format"],
    ["v4l2:///dev/video0?format=yuyv", "takes format raw, mjpeg, h264, h265, not yuyv"],
    ["v4l2:///dev/video0?width=0", "a whole number from 1 to 16384 for width, not 0"],
    ["test://ball?fps=29.97", "a whole number from 1 to 1000 for fps"],
  ])("%s is none: %s", (uri, message) => {
    const [issue] = SourceUri.safeParse(uri).error?.issues ?? [];
    expect(issue?.message).toContain(message);
  });
});
