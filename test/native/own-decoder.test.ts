import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addon, Fixture, model } from "./addon.ts";
import { compileDecoder } from "./own-decoder/compile.ts";
import { tinyModel } from "./tiny-model.ts";

const fixture = new Fixture({ seconds: 0.1 });
const path = fixture.file("own.so");
beforeAll(() => {
  compileDecoder(path, "own_decoder.c");
});
afterAll(() => fixture.dispose());

const digestOf = (file: string): string =>
  `sha256:${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
const picture = { rgb: new Uint8Array(64 * 64 * 3), width: 64, height: 64 };

/** The tiny model says 0.5, 0.5, 0, 0, 0.9, 0.9 in one row and nothing in the others. */
const options = (library: { path: string; digest?: string }, file = fixture.model) =>
  model(file, { decoder: "library", library });

test("an operator's own decoder reads the model's outputs, by its digest", async () => {
  const found = await addon.detectImage(options({ path, digest: digestOf(path) }), picture);
  // Its label is 0.9, of which the whole part is 0.
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ label: "object", box: [0.5, 0.5, 0, 0] });
  expect(found[0]?.score).toBeCloseTo(0.9);
});

test("another file than the one that was named is not loaded", async () => {
  const other = fixture.file("other.so");
  const bytes = readFileSync(path);
  writeFileSync(other, Buffer.concat([bytes, Buffer.from([0])]));
  // Its own bytes are known by their digest already.
  const tried = addon.testModel(options({ path, digest: digestOf(other) }));
  await expect(tried).rejects.toMatchObject({ code: "ARTIFACT_DIGEST" });
  rmSync(other);
  await expect(addon.testModel(options({ path: other }))).rejects.toThrow("cannot be opened");
});

test("one of another version of the interface is refused, and one that is cut is not opened", async () => {
  const later = compileDecoder(fixture.file("later.so"), "steady_decoder.c", ["STEADY_VERSION=2"]);
  await expect(addon.testModel(options({ path: later }))).rejects.toThrow(
    "it is not of version 1 of the interface",
  );
  const steady = compileDecoder(fixture.file("steady.so"), "steady_decoder.c");
  expect(await addon.testModel(options({ path: steady }))).toMatchObject({ decoder: "library" });
  const cut = fixture.file("cut.so");
  writeFileSync(cut, readFileSync(steady).subarray(0, 500));
  const tried = addon.testModel(options({ path: cut, digest: digestOf(cut) }));
  await expect(tried).rejects.toThrow("cannot be opened: ");
});

test("what is no decoder, or refuses the model, says why", async () => {
  const none = fixture.file("none.so");
  writeFileSync(fixture.file("none.c"), "int nothing;");
  execFileSync("cc", ["-shared", "-fPIC", "-o", none, fixture.file("none.c")]);
  await expect(addon.testModel(options({ path: none }))).rejects.toThrow(
    "exports no jetfleet_decoder",
  );
  const wide = fixture.file("wide.onnx");
  writeFileSync(wide, tinyModel({ labels: 3 }));
  await expect(addon.testModel(options({ path }, wide))).rejects.toThrow(
    "it refuses the model: expected one output [1,R,6] in a picture of 64 x 64",
  );
});

test("boxes that make no sense are refused as those of a model are", async () => {
  await expect(addon.testModel(options({ path }))).rejects.toThrow(
    "the outputs mean something else",
  );
});
