import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  annexB,
  type CodedPicture,
  isParameterSet,
  isSlice,
  makeClip,
  type NalCodec,
} from "../cameras/clip.ts";
import { Fixture, ffmpeg, fileSource, Run } from "./addon.ts";

const fixture = new Fixture();
const folder = mkdtempSync(join(tmpdir(), "jetfleet-every-picture-"));
afterAll(() => {
  fixture.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Two seconds of 25 pictures each, a key picture with its sets every ten. */
const PICTURES = 50;
const GOP = 10;
const clipOf = (codec: NalCodec, slices = 1): CodedPicture[] => {
  const encoder = slices > 1 ? ["-x264-params", `slices=${slices}:scenecut=0`] : [];
  return makeClip({ codec, seconds: 2, gop: GOP, encoder }).pictures;
};
const without = (picture: CodedPicture, codec: NalCodec): CodedPicture => ({
  ...picture,
  nals: picture.nals.filter((nal) => !isParameterSet(nal, codec)),
});
/** The slice stays where it is, the first of its picture or not, and says nothing that makes sense. */
const broken = (nals: readonly Buffer[], codec: NalCodec, place: number): Buffer[] => {
  const head = codec === "h264" ? 1 : 2;
  const at = nals.flatMap((nal, i) => (isSlice(nal, codec) ? [i] : []))[place];
  const rubbish = codec === "h264" && place > 0 ? 0x01 : 0x81;
  return nals.map((nal, i) =>
    i === at
      ? Buffer.concat([nal.subarray(0, head), Buffer.alloc(nal.length - head, rubbish)])
      : nal,
  );
};

let made = 0;
/** What the pictures are in such a file. */
function file(pictures: readonly CodedPicture[], codec: NalCodec, container: string): string {
  const path = join(folder, `${++made}`);
  const bare = `${path}.${codec}`;
  writeFileSync(bare, annexB(pictures.flatMap(({ nals }) => nals)));
  if (container === "bare") return bare;
  const whole = `${path}.${container}`;
  const format = codec === "h264" ? "h264" : "hevc";
  ffmpeg(
    "-fflags",
    "+genpts",
    "-r",
    "25",
    "-f",
    format,
    "-i",
    bare,
    "-c",
    "copy",
    "-copyinkf",
    whole,
  );
  const packets = execFileSync("ffprobe", [
    ...["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets"],
    ...["-of", "csv=p=0", whole],
  ]);
  expect(Number.parseInt(packets.toString(), 10), "packets in it").toBe(pictures.length);
  return whole;
}

interface Read {
  frames: number;
  drops: Record<string, number>;
  /** Results, and all that became none. */
  accounted: number;
  warned: string[];
}

async function read(path: string): Promise<Read> {
  await using run = await Run.start(fixture.options({ sources: [fileSource(path)], track: null }));
  await run.until((r) =>
    r.messages.some((m) => m.type === "failed" || (m.type === "source" && m.state === "ended")),
  );
  const errors = run.messages.flatMap((m) =>
    m.type === "source" && m.error !== null ? [m.error.code] : [],
  );
  expect(errors).toEqual([]);
  const last = run.stats.at(-1);
  return {
    frames: run.frames.length,
    drops: Object.fromEntries((last?.drops ?? []).map(({ reason, total }) => [reason, total])),
    accounted: run.frames.length + (last?.droppedTotal ?? 0),
    warned: run.messages.flatMap((m) => (m.type === "warning" ? [m.error.code] : [])),
  };
}

const FORMS = (["h264", "h265"] as const).flatMap((codec) =>
  ["bare", "ts", "mkv", "mp4"].map((container) => [codec, container] as const),
);

describe("every picture of a file is a result or is counted", () => {
  test.each(FORMS)("%s in %s that is whole", async (codec, container) => {
    const seen = await read(file(clipOf(codec), codec, container));
    expect(seen).toEqual({ frames: PICTURES, drops: {}, accounted: PICTURES, warned: [] });
  });

  test.each(FORMS)("%s in %s that begins between two key pictures", async (codec, container) => {
    const [first, ...rest] = clipOf(codec);
    const sets = (first?.nals ?? []).filter((nal) => isParameterSet(nal, codec));
    const [second, ...later] = rest.slice(4);
    const begin = { ...second, nals: [...sets, ...(second?.nals ?? [])] } as CodedPicture;
    const seen = await read(file([begin, ...later], codec, container));
    expect(seen.drops).toEqual({ "before-key-frame": 5 });
    expect(seen.accounted).toBe(PICTURES - 5);
    expect(seen.warned).toEqual(["SOURCE_JOINED"]);
  });

  test.each(FORMS.filter(([, container]) => container === "bare"))(
    "%s in %s that begins before its parameter sets",
    async (codec, container) => {
      const seen = await read(file(clipOf(codec).slice(5), codec, container));
      expect(seen.drops).toEqual({ "before-key-frame": 5 });
      expect(seen.accounted).toBe(PICTURES - 5);
      expect(seen.warned).toEqual(["SOURCE_JOINED"]);
    },
  );

  test.each(FORMS.filter(([, container]) => container !== "mp4"))(
    "%s in %s of which a picture cannot be decoded",
    async (codec, container) => {
      const pictures = clipOf(codec).map((picture, i) =>
        i === 23 ? { ...picture, nals: broken(picture.nals, codec, 0) } : picture,
      );
      const seen = await read(file(pictures, codec, container));
      expect(seen.accounted).toBe(PICTURES);
      expect(seen.frames).toBe(PICTURES - 7);
      // Which of them the reader of headers notices, and which the decoder, is theirs to say.
      const reasons = Object.entries(seen.drops).flatMap(([reason, total]) =>
        total > 0 ? [reason] : [],
      );
      expect(["corrupt", "decoder-lost", "after-loss"]).toEqual(expect.arrayContaining(reasons));
      expect(seen.warned).toEqual(["SOURCE_LOSS"]);
    },
  );

  test.each([0, 1, 2])(
    "bare h264 of which slice %i of three in a picture is broken",
    async (place) => {
      const pictures = clipOf("h264", 3).map((picture, i) =>
        i === 23 ? { ...picture, nals: broken(picture.nals, "h264", place) } : picture,
      );
      const seen = await read(file(pictures, "h264", "bare"));
      expect(seen.accounted).toBe(PICTURES);
      expect(seen.frames).toBe(PICTURES - 7);
      expect(seen.warned).toEqual(["SOURCE_LOSS"]);
    },
  );

  test.each(FORMS)("%s in %s of which the last picture is broken", async (codec, container) => {
    const pictures = clipOf(codec).map((picture, i) =>
      i === PICTURES - 1 ? { ...picture, nals: broken(picture.nals, codec, 0) } : picture,
    );
    const seen = await read(file(pictures, codec, container));
    expect(seen.accounted).toBe(PICTURES);
    expect(seen.frames).toBe(PICTURES - 1);
  });

  test.each(["h264", "h265"] as const)("bare %s whose parameter sets never come", async (codec) => {
    const pictures = clipOf(codec).map((picture) => without(picture, codec));
    await using run = await Run.start(
      fixture.options({ sources: [fileSource(file(pictures, codec, "bare"))], track: null }),
    );
    await run.until((r) => r.messages.some((m) => m.type === "failed"));
    const failed = run.messages.flatMap((m) => (m.type === "failed" ? [m.error.code] : []));
    expect(failed).toEqual(["SOURCE_FORMAT"]);
  });
});
