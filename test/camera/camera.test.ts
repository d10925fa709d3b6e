import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  buildCamera,
  type Camera,
  finish,
  record,
  render,
  startCamera,
} from "./support/programs.ts";
import { frameTags } from "./support/sei.ts";

const SEED = 3;
let camera: Camera;

beforeAll(async () => {
  buildCamera();
  camera = await startCamera("--seed", String(SEED));
}, 240_000);

afterAll(async () => {
  expect(await camera.stop()).toBe(0);
});

function numbersOf(stream: Buffer): number[] {
  const tags = frameTags(stream);
  expect(tags).not.toContain(null);
  return tags.map((tag) => tag?.frame ?? -1);
}

function expectCounting(numbers: number[]): void {
  const first = numbers[0] ?? -1;
  expect(numbers).toEqual(numbers.map((_, i) => first + i));
}

/** Peak signal to noise ratio of two byte pictures, in dB. */
function psnr(a: Buffer, b: Buffer): number {
  let sum = 0;
  for (let i = 0; i < a.length; ++i) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return 10 * Math.log10((255 * 255 * a.length) / Math.max(1, sum));
}

describe("the simulated camera as ffmpeg sees it", () => {
  for (const transport of ["tcp", "udp"] as const) {
    it(`is H.264, 1280×720, 15 frames per second over ${transport}`, async () => {
      const fields = "stream=codec_name,width,height,r_frame_rate,has_b_frames";
      const asked = `-v error -rtsp_transport ${transport} -show_entries ${fields} -of json`;
      const { stdout } = await finish("ffprobe", ...asked.split(" "), camera.ready.rtspUrl);
      const { streams } = JSON.parse(stdout.toString()) as { streams: unknown[] };
      expect(streams).toEqual([
        { codec_name: "h264", width: 1280, height: 720, r_frame_rate: "15/1", has_b_frames: 0 },
      ]);
    });
  }

  it("numbers its pictures one by one over tcp", async () => {
    const numbers = numbersOf(await record(camera.ready.rtspUrl, "tcp", 30));
    expect(numbers.length).toBe(30);
    expectCounting(numbers);
  });

  it("numbers its pictures upwards over udp, where the network may lose some", async () => {
    const numbers = numbersOf(await record(camera.ready.rtspUrl, "udp", 30));
    const steps = numbers.slice(1).map((n, i) => n - (numbers[i] ?? 0));
    expect(Math.min(...steps)).toBe(1);
    expect(steps.filter((step) => step === 1).length).toBeGreaterThan(20);
  });

  it("goes on with its scene while nobody watches", async () => {
    const before = numbersOf(await record(camera.ready.rtspUrl, "tcp", 5));
    const after = numbersOf(await record(camera.ready.rtspUrl, "tcp", 5));
    expect(after[0]).toBeGreaterThan(before.at(-1) ?? Number.NaN);
  });

  it("tells when each picture was taken, by this machine's clock", async () => {
    const tags = frameTags(await record(camera.ready.rtspUrl, "tcp", 10));
    const times = tags.map((tag) => tag?.capturedAtMs ?? 0);
    expect(Math.abs(Date.now() - (times.at(-1) ?? 0))).toBeLessThan(10_000);
    for (let i = 1; i < times.length; ++i) {
      expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBeCloseTo(1000 / 15, -1);
    }
  });

  // 5 s each, because clients that start together on a busy machine may begin 2 s apart.
  it("shows two clients the same pictures under the same numbers", async () => {
    const [one, two] = await Promise.all([
      record(camera.ready.rtspUrl, "tcp", 75),
      record(camera.ready.rtspUrl, "tcp", 75),
    ]);
    const seen = new Set(numbersOf(one));
    expect(numbersOf(two).filter((n) => seen.has(n)).length).toBeGreaterThan(15);
  });

  it("sends the picture that the scene renders for the number", async () => {
    const stream = await record(camera.ready.rtspUrl, "tcp", 20);
    const last = numbersOf(stream).at(-1) ?? -1;
    const size = 1280 * 720 * 3;
    const decoded = await decodeAt(stream, 19);
    expect(decoded.length).toBe(size);
    const [before, same, after] = await Promise.all(
      [last - 1, last, last + 1].map((frame) => render(SEED, frame, size)),
    );
    const likeness = (picture: Buffer | undefined) => psnr(decoded, picture ?? Buffer.alloc(size));
    expect(likeness(same)).toBeGreaterThan(30);
    // The neighbours' moving figures stand elsewhere: a number that is off by one shows.
    expect(likeness(same)).toBeGreaterThan(Math.max(likeness(before), likeness(after)) + 0.3);
  });
});

/** One picture of a coded stream as packed RGB. */
async function decodeAt(stream: Buffer, index: number): Promise<Buffer> {
  const chosen = ["-vf", `select=eq(n\\,${index})`, "-frames:v", "1"];
  const output = "-f rawvideo -pix_fmt rgb24 -".split(" ");
  const decoder = spawn("ffmpeg", ["-v", "error", "-f", "h264", "-i", "-", ...chosen, ...output]);
  decoder.stdin.on("error", () => decoder.stdin.destroy()); // ffmpeg may end before it has read all
  decoder.stdin.end(stream);
  const chunks: Buffer[] = [];
  for await (const chunk of decoder.stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("a camera with a password", () => {
  let folder: string;
  let guarded: Camera;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "jetfleet-camera-"));
    writeFileSync(join(folder, "password"), "open sesame\n");
    guarded = await startCamera("--user", "guard", "--password-file", join(folder, "password"));
  });

  afterAll(async () => {
    await guarded.stop();
    rmSync(folder, { recursive: true });
  });

  const probe = (user: string) =>
    finish(
      "ffprobe",
      ..."-v error -rtsp_transport tcp -show_entries stream=codec_name -of csv=p=0".split(" "),
      guarded.ready.rtspUrl.replace("rtsp://", `rtsp://${user}`),
    );

  it("answers whoever knows it", async () => {
    expect((await probe("guard:open%20sesame@")).stdout.toString().trim()).toBe("h264");
  });

  it("refuses a wrong password and none", async () => {
    for (const user of ["guard:wrong@", ""]) {
      const { status, stderr } = await probe(user);
      expect(status).not.toBe(0);
      expect(stderr).toContain("401");
    }
  });
});

const VIDEO = new URL("../../../shared/data/videos/car-detection.mp4", import.meta.url).pathname;
const skipped = existsSync(VIDEO) ? "" : " (skipped: ../shared/data is not here)";

describe("a camera that serves a file", () => {
  it.skipIf(skipped !== "")(
    `sends its pictures as they are, from the first, numbered in order of display${skipped}`,
    { timeout: 60_000 },
    async () => {
      const player = await startCamera("--file", VIDEO);
      try {
        expect(player.ready).toMatchObject({ width: 768, height: 432, fps: 12.5 });
        const stream = await record(player.ready.rtspUrl, "tcp", 40);
        expect(numbersOf(stream)).toEqual(Array.from({ length: 40 }, (_, i) => i));
        const served = await decodedDigests(stream);
        const original = await finish(
          "ffmpeg",
          ..."-v error -i".split(" "),
          VIDEO,
          ..."-map 0:v -frames:v 30 -f framemd5 -".split(" "),
        );
        expect(served.slice(0, 30)).toEqual(digestsOf(original.stdout.toString()));
      } finally {
        await player.stop();
      }
    },
  );

  it("says what is wrong with a file that holds no H.264", async () => {
    const { status, stderr } = await finish(
      cameraOf(),
      "--file",
      new URL(import.meta.url).pathname,
    );
    expect(status).toBe(1);
    expect(stderr).toContain("expected H.264 video");
  });
});

function cameraOf(): string {
  return camera.process.spawnfile;
}

function digestsOf(report: string): string[] {
  const rows = report.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return rows.map((row) => row.split(",").at(-1)?.trim() ?? "");
}

async function decodedDigests(stream: Buffer): Promise<string[]> {
  const decoder = spawn("ffmpeg", "-v error -f h264 -i - -f framemd5 -".split(" "));
  decoder.stdin.end(stream);
  let report = "";
  for await (const chunk of decoder.stdout) report += String(chunk);
  return digestsOf(report);
}

describe("wrong arguments", () => {
  it.each([
    [["--fps", "fast"], "--fps"],
    [["--port", "99999"], "--port"],
    [["--colour", "red"], "--colour"],
    [["--user", "guard"], "--password-file"],
  ])("%j end with status 2 and a message that names them", async (args, named) => {
    const { status, stderr } = await finish(cameraOf(), ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(named);
  });
});
