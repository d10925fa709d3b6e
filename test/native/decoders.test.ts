import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Decoder } from "../../fleet/spec/index.ts";
import { addon, data, Fixture, ffmpeg, hasData, model, needsData } from "./addon.ts";

type Box = [number, number, number, number];
interface Image {
  rgb: Uint8Array;
  width: number;
  height: number;
}

/**
 * What models of ../shared/data say of a picture by their published formulas, written once more with NumPy and run on
 * another ONNX Runtime (1.32): score, then left, top, width, height.
 */
const FACES: [string, string, number, Box][] = [
  ["ultraface", "ultraface_rfb_320.onnx", 0.664, [436, 31.1, 43.5, 48.6]],
  ["yunet", "yunet_n_320.onnx", 0.659, [448.5, 36.7, 35.8, 43.9]],
];

describe.skipIf(!hasData)(`decoders of models in ../shared/data${needsData}`, () => {
  let person: Image;
  let dog: Image;
  beforeAll(() => {
    const video = data("videos/one-by-one-person-detection.mp4");
    const raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
    const frame = ffmpeg("-ss", "34", "-i", video, "-frames:v", "1", ...raw);
    person = { rgb: new Uint8Array(frame), width: 768, height: 432 };
    const rgb = ffmpeg("-i", data("images/dog.jpg"), ...raw);
    dog = { rgb: new Uint8Array(rgb), width: 768, height: 576 };
  });

  test.each(FACES)("%s finds the reference's face", async (decoder, file, score, box) => {
    const options = model(data(`models/${file}`), {
      decoder: Decoder.parse(decoder),
      labels: ["face"],
      minScore: 0.5,
    });
    const found = await addon.detectImage(options, person);
    expect(found).toHaveLength(1);
    expect(Math.abs((found[0]?.score ?? 0) - score)).toBeLessThanOrEqual(0.02);
    for (const [at, edge] of box.entries()) {
      expect(Math.abs((found[0]?.box[at] ?? 0) - edge), `edge ${at}`).toBeLessThanOrEqual(1.5);
    }
  });

  test("classification says what kind of dog it is, of the whole picture", async () => {
    const labels = Array.from({ length: 1000 }, (_, at) => `imagenet-${at}`);
    const options = model(data("models/mobilenet_v2_int8_qdq.onnx"), {
      ...{ decoder: "classification", labels, minScore: 0.05 },
    });
    const crop = cut(dog, [133, 207, 193, 337]);
    const [best] = await addon.detectImage(options, crop);
    // ImageNet's dogs are its classes 151 to 268.
    const number = Number(best?.label.slice("imagenet-".length));
    expect(number).toBeGreaterThanOrEqual(151);
    expect(number).toBeLessThanOrEqual(268);
    expect(best?.box).toEqual([0, 0, 193, 337]);
  });

  test("reid tells two looks at one person from something else", async () => {
    const options = model(data("models/person_reid_0288.onnx"), { decoder: "reid" });
    const look = async (image: Image, box: Box) => addon.embedImage(options, cut(image, box));
    const one = await look(person, [395, 20, 130, 390]);
    const again = await look(person, [400, 26, 130, 390]);
    const other = await look(dog, [133, 207, 193, 337]);
    expect(one).toHaveLength(256);
    expect(dot(one, one)).toBeCloseTo(1, 4);
    expect(dot(one, again)).toBeGreaterThan(0.9);
    expect(dot(one, other)).toBeLessThan(0.7);
  });
});

describe.skipIf(!hasData)(`a model that nobody named a decoder for${needsData}`, () => {
  test.each([
    ["yolox_nano.onnx", 80, "yolox", "of real pictures only yolox makes sense"],
    ["fastestdet.onnx", 80, "fastestdet", "of all decoders only fastestdet fits"],
    ["ultraface_rfb_320.onnx", 1, "ultraface", "only ultraface"],
    ["yunet_n_320.onnx", 1, "yunet", "only yunet"],
    ["mobilenet_v2_int8_qdq.onnx", 1000, "classification", "only classification"],
  ])("%s is found out", async (file, count, decoder, reason) => {
    const labels = Array.from({ length: count }, (_, at) => `class-${at}`);
    const trial = await addon.testModel(
      model(data(`models/${file}`), { labels, decoder: "auto", minScore: 0.3 }),
    );
    expect(trial.decoder).toBe(decoder);
    expect(trial.reason).toContain(reason);
  });

  test("a vector is taken for nothing that it might not be", async () => {
    const trial = addon.testModel(
      model(data("models/person_reid_0288.onnx"), { decoder: "auto", labels: ["person"] }),
    );
    await expect(trial).rejects.toThrow("none fits the model with 1 labels");
  });

  test("YOLOX taken for its other export is refused for what it says of pictures", async () => {
    const labels = Array.from({ length: 80 }, (_, at) => `class-${at}`);
    const trial = addon.testModel(
      model(data("models/yolox_nano.onnx"), { labels, decoder: "yolox-decoded" }),
    );
    await expect(trial).rejects.toMatchObject({ code: "MODEL_INVALID" });
    await expect(trial).rejects.toThrow("the outputs mean something else");
  });
});

test("the specification knows the decoders that the runtime has, and no other", async () => {
  const fixture = new Fixture({ seconds: 0.1 });
  afterAll(() => fixture.dispose());
  const options = model(fixture.model, { decoder: "none-such" as Decoder });
  const said = await addon.testModel(options).then(
    () => "",
    (error: unknown) => String(error),
  );
  const names = /a decoder of (.*) but got none-such/.exec(said)?.[1]?.split(", ");
  expect(names?.sort()).toEqual([...Decoder.options].sort());
});

function cut({ rgb, width }: Image, [left, top, across, down]: Box): Image {
  const cutOut = new Uint8Array(across * down * 3);
  for (let y = 0; y < down; y += 1) {
    const from = 3 * ((top + y) * width + left);
    cutOut.set(rgb.subarray(from, from + 3 * across), 3 * y * across);
  }
  return { rgb: cutOut, width: across, height: down };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}
