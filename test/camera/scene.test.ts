import { beforeAll, describe, expect, it } from "vitest";
import {
  buildCamera,
  finish,
  render,
  sceneProgram,
  type TrueFrame,
  truth,
} from "./support/programs.ts";

beforeAll(buildCamera, 240_000);

const window = (seed: number, from: number, count: number) =>
  truth("--seed", `${seed}`, "--from", `${from}`, "--count", `${count}`);

describe("the scene's truth", () => {
  it("is the same whether a frame is asked for alone or in a row", async () => {
    const row = await window(5, 100, 40);
    const [alone] = await window(5, 139, 1);
    expect(row.at(-1)).toEqual(alone);
    expect(await window(5, 100, 40)).toEqual(row);
  });

  it("differs between seeds", async () => {
    expect(await window(5, 0, 1)).not.toEqual(await window(6, 0, 1));
  });

  it("keeps boxes inside the picture and shares between 0 and 1", async () => {
    for (const { width, height, objects } of await window(7, 0, 200)) {
      for (const { box, visible, label } of objects) {
        const [left, top, w, h] = box;
        expect(["person", "vehicle", "bicycle"]).toContain(label);
        expect(left >= 0 && top >= 0 && w > 0 && h > 0).toBe(true);
        expect(left + w <= width && top + h <= height).toBe(true);
        expect(visible >= 0 && visible <= 1).toBe(true);
      }
    }
  });

  it("keeps an object's id and label while it moves, and moves it smoothly", async () => {
    const frames = await window(8, 0, 150);
    let followed = 0;
    for (const [i, frame] of frames.slice(1).entries()) {
      for (const object of frame.objects) {
        const before = frames[i]?.objects.find(({ id }) => id === object.id);
        if (before === undefined) continue;
        followed += 1;
        expect(object.label).toBe(before.label);
        const centre = (box: number[]) => (box[0] ?? 0) + (box[2] ?? 0) / 2;
        expect(Math.abs(centre(object.box) - centre(before.box))).toBeLessThan(150);
      }
    }
    expect(followed).toBeGreaterThan(300);
  });

  it("has all three labels, objects that come and go, and objects that hide each other", async () => {
    const frames = await window(2, 0, 900);
    const all = frames.flatMap(({ objects }) => objects);
    expect(new Set(all.map(({ label }) => label))).toEqual(
      new Set(["person", "vehicle", "bicycle"]),
    );
    const idsOf = (frame: TrueFrame | undefined) => new Set(frame?.objects.map(({ id }) => id));
    expect(idsOf(frames[0])).not.toEqual(idsOf(frames[899]));
    expect(all.filter(({ visible }) => visible > 0.2 && visible < 0.8).length).toBeGreaterThan(50);
  });
});

describe("the scene's pictures", () => {
  it("repeat bit for bit", async () => {
    const size = 1280 * 720 * 3;
    const [one, two] = await Promise.all([render(4, 77, size), render(4, 77, size)]);
    expect(one.equals(two)).toBe(true);
    expect((await render(4, 78, size)).equals(one)).toBe(false);
  });

  it("are darker at night than by day", async () => {
    const mean = (picture: Buffer) => picture.reduce((sum, byte) => sum + byte, 0) / picture.length;
    const size = 1280 * 720 * 3;
    const hours = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => render(1, n * 1500, size)));
    const means = hours.map(mean);
    expect(Math.max(...means)).toBeGreaterThan(1.5 * Math.min(...means));
  });

  it.each([
    [["truth", "--seed", "one"], "--seed"],
    [["render", "--width", "3"], "width"],
    [["paint"], "paint"],
  ])("%j is refused with a message", async (args, named) => {
    const { status, stderr } = await finish(sceneProgram, ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(named);
  });
});
