import { describe, expect, it } from "vitest";
import {
  DeviceSpec,
  ModelSpec,
  Name,
  PipelineSpec,
  partsOf,
  regionsOf,
  SourceUri,
} from "../../../fleet/spec/index.ts";

const pipeline = {
  name: "entrance",
  sources: { cam1: { uri: "rtsp://10.0.9.1/stream1" } },
  detect: { model: "people" },
};
const HALF = { left: 0, top: 0, width: 0.5, height: 1 };
const strips = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ ...HALF, width: 0.1, left: n / 10 }));
const device = { name: "door", address: "10.0.4.17", ssh: { privateKeyPath: "~/.ssh/jetson" } };

describe("specifications", () => {
  it("fill in the documented defaults", () => {
    expect(PipelineSpec.parse(pipeline)).toEqual({
      name: "entrance",
      sources: { cam1: { uri: "rtsp://10.0.9.1/stream1", loop: false } },
      detect: { model: "people", minScore: 0.4, nmsIou: 0.45 },
      sinks: { mqtt: {} },
    });
    expect(DeviceSpec.parse(device)).toMatchObject({ port: 22, ssh: { user: "nvidia" } });
    expect(
      ModelSpec.parse({ name: "people", source: "people.onnx", labels: ["person"] }).decoder,
    ).toBeUndefined();
  });

  it.each(["auto", "tcp", "udp"])("takes the transport %s of a source", (transport) => {
    const uri = "rtsp://10.0.9.1/stream1";
    const spec = { ...pipeline, sources: { cam1: { uri, transport } } };
    expect(PipelineSpec.parse(spec).sources["cam1"]?.transport).toBe(transport);
  });

  it.each([
    ["no source", { ...pipeline, sources: {} }, "sources"],
    [
      "17 sources",
      {
        ...pipeline,
        sources: Object.fromEntries(
          Array.from({ length: 17 }, (_, n) => [`cam${n}`, pipeline.sources.cam1]),
        ),
      },
      "sources",
    ],
    [
      "an http source",
      { ...pipeline, sources: { cam1: { uri: "http://camera/" } } },
      "sources.cam1.uri",
    ],
    [
      "a fingerprint with colons",
      { ...pipeline, sources: { cam1: { uri: "rtsps://cam/", tls: { fingerprint: "aa:bb" } } } },
      "sources.cam1.tls.fingerprint",
    ],
    [
      "a stall timeout of 0",
      { ...pipeline, sources: { cam1: { uri: "rtsp://cam/", stallTimeoutMs: 0 } } },
      "sources.cam1.stallTimeoutMs",
    ],
    ["a score of 0", { ...pipeline, detect: { model: "people", minScore: 0 } }, "detect.minScore"],
    [
      "a score of NaN",
      { ...pipeline, detect: { model: "people", minScore: Number.NaN } },
      "detect.minScore",
    ],
    ["an unknown key", { ...pipeline, budgets: {} }, ""],
    [
      "frames between that nobody tells of",
      { ...pipeline, detect: { model: "people", interval: 2 }, track: undefined },
      "detect.interval",
    ],
    [
      "pictures that nobody looks at, and no tracker",
      { ...pipeline, detect: { model: "people", motion: {} } },
      "detect.motion",
    ],
    [
      "an interval of 0",
      { ...pipeline, detect: { model: "people", interval: 0 }, track: {} },
      "detect.interval",
    ],
    [
      "a part that reaches over the edge",
      { ...pipeline, detect: { model: "people", regions: [{ ...HALF, left: 0.6 }] } },
      "detect.regions.0.width",
    ],
    [
      "a part of a source that it does not have",
      { ...pipeline, detect: { model: "people", regions: [{ ...HALF, source: "gate" }] } },
      "detect.regions",
    ],
    [
      "one part of a source twice",
      { ...pipeline, detect: { model: "people", regions: [HALF, { ...HALF, source: "cam1" }] } },
      "detect.regions",
    ],
    [
      "nine parts of one source",
      { ...pipeline, detect: { model: "people", regions: strips(9) } },
      "detect.regions",
    ],
    ["an unknown tracker", { ...pipeline, track: { algorithm: "magic" } }, "track.algorithm"],
  ])("refuse a pipeline with %s, naming the property", (_what, input, path) => {
    const result = PipelineSpec.safeParse(input);
    expect(result.error?.issues.map((issue) => issue.path.join("."))).toContain(path);
  });

  it("take up to eight parts of each source, its own and those of all, in the order they have", () => {
    const sources = { cam1: pipeline.sources.cam1, gate: pipeline.sources.cam1 };
    const regions = [...strips(7), { ...HALF, source: "gate" }];
    const spec = PipelineSpec.parse({ ...pipeline, sources, detect: { model: "people", regions } });
    expect(regionsOf("cam1", spec.detect.regions)).toEqual(strips(7));
    expect(regionsOf("gate", spec.detect.regions)).toEqual([...strips(7), HALF]);
    expect(regionsOf("gate", undefined)).toBeUndefined();
    expect(partsOf("gate", spec.detect.regions)).toBe(8);
    expect(partsOf("gate", undefined)).toBe(1);
    const twice = { ...pipeline, detect: { model: "people", regions: [HALF, HALF] } };
    expect(PipelineSpec.safeParse(twice).error?.issues[0]?.message).toBe(
      "has the part at left 0, top 0, width 0.5, height 1 of cam1 twice; leave one of them out",
    );
  });

  it.each(["", "-a", "a-", "A", "a b", "a/b", "a+", "#", "../x", "a".repeat(64), "ä"])(
    "refuse the name %j, which would not be safe in a topic or a path",
    (name) => {
      expect(Name.safeParse(name).success).toBe(false);
    },
  );

  it.each([
    ["rtsp://admin:hun#ter@10.0.0.1/live", "%23"],
    ["rtsp://admin:hun/ter@10.0.0.1/live", "%2F"],
    ["rtsps://admin:hun?ter@10.0.0.1/live", "%3F"],
    ["rtsp://10.0.0.1/live?user=a@b", "%40"],
    ["rtsp://admin:hun ter@10.0.0.1/live", "%20"],
    ['rtsp://admin:hun"ter@10.0.0.1/live', "%22"],
  ])("refuse %s, whose password could not be told, and say to write %s", (uri, write) => {
    const { error } = SourceUri.safeParse(uri);
    expect(error?.issues[0]?.message).toContain(write);
    expect(error?.issues[0]?.message).not.toContain("ter");
  });

  it.each([
    "rtsp://admin:p@ss@10.0.0.1:554/live",
    "rtsp://admin:p%23%2F%3Fs@[fe80::1]/user=admin_password=x?channel=1",
    "file:///videos/a@b c.mp4",
  ])("take %s", (uri) => {
    expect(SourceUri.safeParse(uri).success).toBe(true);
  });
});
