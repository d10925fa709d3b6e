import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { AloneLine } from "../../fleet/alone/index.ts";
import { data, Fixture, hasData, needsData } from "../native/addon.ts";

const MAIN = join(import.meta.dirname, "../../cli/main.ts");
const REID = data("models/person_reid_0288.onnx");
const KINDS = data("models/mobilenet_v2_int8_qdq.onnx");
const fixture = new Fixture();
const labels = fixture.file("labels.txt");
writeFileSync(labels, "traffic light\n");
afterAll(() => fixture.dispose());

function run(...args: string[]) {
  const child = spawnSync(process.execPath, [MAIN, "run", ...args, "--accelerator", "cpu"], {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, TMPDIR: fixture.folder, INIT_CWD: fixture.folder },
  });
  return { status: child.status, out: child.stdout, err: child.stderr };
}
const given = ["tiny.onnx", "--source", "video.mp4", "--labels", labels];

/** What each frame says of its first track. */
function attributesOf(out: string) {
  return out
    .trim()
    .split("\n")
    .map((line) => AloneLine.parse(JSON.parse(line)))
    .flatMap((line) => (line.type === "frames" ? line.frames : []))
    .map(({ tracks }) => tracks?.[0]?.attributes);
}

describe.skipIf(!hasData)(`jetfleet run with secondary models${needsData}`, () => {
  test("tells an object's vector in its first frame", { timeout: 60_000 }, () => {
    const { status, out, err } = run(
      ...[...given, "--track", "sort", "--secondary", `look=${REID}`, "--json"],
    );
    expect(status, err).toBe(0);
    const [first, ...others] = attributesOf(out);
    expect(first).toEqual({ look: { vector: expect.stringMatching(/^[A-Za-z0-9+/]{1366}==$/) } });
    expect(others).toHaveLength(24);
    expect(others.every((attributes) => attributes === undefined)).toBe(true);
  });

  test("tells in every frame what a pipeline's file asks for", { timeout: 60_000 }, () => {
    const thousand = JSON.stringify(Array.from({ length: 1000 }, (_, at) => `kind-${at}`));
    writeFileSync(
      fixture.file("kinds.yaml"),
      `model: { source: tiny.onnx, labels: [door] }
sources: { camera: { uri: "file://${fixture.video}" } }
track: { algorithm: sort }
secondary:
  kind:
    model: { source: "${KINDS}", labels: ${thousand} }
    labels: [door]
    minScore: 0
`,
    );
    const json = run("kinds.yaml", "--json");
    expect(json.status, json.err).toBe(0);
    const all = attributesOf(json.out);
    expect(all).toHaveLength(25);
    for (const said of all) {
      expect(said).toEqual({
        kind: { label: expect.stringMatching(/^kind-/), score: expect.any(Number) },
      });
      expect(said).toEqual(all[0]);
    }
    const { out } = run("kinds.yaml");
    expect(out).toContain("25 frames in");
  });
});

describe("jetfleet run with secondary models that cannot look", () => {
  test.each([
    ["no tracker", [`a=tiny.onnx`], /secondary: needs a tracker, but the pipeline has none/],
    [
      "a form that is none",
      ["--track", "sort", "tiny.onnx"],
      /NAME=MODEL:LABEL,LABEL of a classif.*tiny\.onnx/,
    ],
    [
      "a file that is not there",
      ["--track", "sort", "a=none.onnx"],
      /--secondary to name a file.*none\.onnx/,
    ],
    ["a name that is none", ["--track", "sort", "A b=tiny.onnx"], /--secondary.*lower-case/],
    [
      "two of one name",
      ["--track", "sort", "--secondary", "a=tiny.onnx", "a=tiny.onnx"],
      /got a twice/,
    ],
    ["a detector", ["--track", "sort", "a=tiny.onnx"], /Secondary model a: /],
  ])("refuses %s", (_, args, why) => {
    const [last = "", ...before] = args.toReversed();
    const { status, err } = run(...given, ...before.toReversed(), "--secondary", last);
    expect([status, err]).toEqual([2, expect.stringMatching(why)]);
  });
});
