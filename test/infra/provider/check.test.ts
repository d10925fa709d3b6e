import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  isSecretAt,
  type Properties,
  Secret,
  UNKNOWN,
  valueAt,
} from "../../../infra/provider/rpc/values.ts";
import { changed, deviceInputs, manifest, pipelineInputs } from "./inputs.ts";
import { tinyOnnx } from "./support/tiny-onnx.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const check = (type: "Device" | "Model" | "Pipeline", news: Properties, name = "entrance") =>
  world.driver.check(urnOf(type, name), news);

describe("check of a pipeline", () => {
  test.each([
    ["detect.minScore", 1.5, "expected at most 1, got 1.5"],
    ["detect.minScore", "high", 'expected a number, got "high"'],
    ["detect.nmsIou", -1, "expected at least 0, got -1"],
    ["detect.model", undefined, "expected an object, got nothing"],
    ["detect.model.digest", "abc", 'must be sha256: followed by 64 hexadecimal digits, got "abc"'],
    ["device.board", "pi", 'expected one of "tx1", "tx2", "nano"'],
    ["name", "Front Door", "must be 1 to 63 lower-case letters"],
    [
      "sources",
      {},
      "must name 1 to 16 sources; put others into a pipeline of their own, got an empty object",
    ],
    ["secondary", {}, "must name 1 to 4 secondary models, got an empty object"],
    ["sources.cam1.transport", "quic", 'expected one of "auto", "tcp", "udp", got "quic"'],
    ["detect.interval", 0, "expected at least 1"],
    ["sources.cam1.loop", "yes", 'expected true or false, got "yes"'],
    [
      "track.algorithm",
      "deepsort",
      'expected one of "bytetrack", "sort", "oc-sort", "iou", got "deepsort"',
    ],
  ])("refuses %s = %j at its path", async (path, value, reason) => {
    const { failures } = await check("Pipeline", changed(pipelineInputs(), path, value));
    expect(failures).toHaveLength(1);
    expect(failures[0]?.property).toBe(path);
    expect(failures[0]?.reason).toContain(reason);
  });

  test("says how many sources there are where they are too many", async () => {
    const sources = Object.fromEntries(
      Array.from({ length: 17 }, (_, i) => [`cam${i}`, { uri: `rtsp://10.0.0.${i}/` }]),
    );
    const { failures } = await check("Pipeline", changed(pipelineInputs(), "sources", sources));
    expect(failures.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/must name 1 to 16 sources; .*, got an object of 17\n/),
    ]);
  });

  test.each(["overlay", "shadow", "sinks.preview"])(
    "says of %s that it is not yet supported",
    async (path) => {
      const { failures } = await check("Pipeline", changed(pipelineInputs(), path, {}));
      expect(failures).toEqual([
        {
          property: path,
          reason: expect.stringMatching(
            /^SPEC_UNSUPPORTED: not yet supported by this version; remove it\n {2}next: /,
          ),
        },
      ]);
    },
  );

  const door = { from: [0.1, 0.6], to: [0.9, 0.6] };
  const bow = [
    [0, 0],
    [1, 1],
    [1, 0],
    [0, 1],
  ];
  test.each<[string, Properties, Properties, RegExp]>([
    [
      "analytics",
      { lines: { door } },
      { track: null },
      /^SPEC_INVALID: needs a tracker.*\n {2}next: Add `track/,
    ],
    [
      "analytics.lines.door.to",
      { lines: { door: { ...door, to: door.from } } },
      {},
      /must be another point/,
    ],
    [
      "analytics.lines.door.source",
      { lines: { door: { ...door, source: "yard" } } },
      {},
      /\(cam1\) but is yard/,
    ],
    [
      "analytics.lines.door.labels",
      { lines: { door: { ...door, labels: ["cat"] } } },
      {},
      /no cat/,
    ],
    [
      "analytics.zones.hall.points",
      { zones: { hall: { points: bow } } },
      {},
      /must not cross itself, but side 1/,
    ],
  ])("refuses %s of %j in a pipeline with %j", async (property, analytics, change, reason) => {
    const { failures } = await check("Pipeline", {
      ...pipelineInputs(),
      ...change,
      analytics,
    } as Properties);
    expect(failures).toEqual([{ property, reason: expect.stringMatching(reason) }]);
  });

  test("takes lines and zones", async () => {
    const analytics = { lines: { door: { ...door, labels: ["person"], source: "cam1" } } };
    const { inputs, failures } = await check("Pipeline", { ...pipelineInputs(), analytics });
    expect(failures).toEqual([]);
    expect(inputs["analytics"]).toEqual(analytics);
  });

  test.each([
    ["detect.minscore", "unknown property; did you mean minScore?"],
    ["sorces", "unknown property; did you mean sources?"],
    ["sources.cam1.url", "unknown property; did you mean uri?"],
    ["track.colour", "unknown property; expected one of algorithm"],
  ])("refuses the unknown key %s and helps", async (path, reason) => {
    const { failures } = await check("Pipeline", changed(pipelineInputs(), path, 1));
    expect(failures).toEqual([{ property: path, reason: expect.stringContaining(reason) }]);
  });

  test.each([
    [16, []],
    [17, ["sources"]],
  ])("of %d sources refuses %j", async (count, refused) => {
    const names = Array.from({ length: count }, (_, n) => `cam${n}`);
    const sources = Object.fromEntries(names.map((name) => [name, { uri: "rtsp://10.0.9.2/" }]));
    const { failures } = await check("Pipeline", changed(pipelineInputs(), "sources", sources));
    expect(failures.map(({ property }) => property)).toEqual(refused);
  });

  test("refuses a source name with quotes in its property path", async () => {
    const { failures } = await check(
      "Pipeline",
      changed(pipelineInputs(), "sources", { "Cam 1": { uri: "rtsp://x/" } }),
    );
    expect(failures.map(({ property }) => property)).toEqual(['sources["Cam 1"]']);
  });

  test("never shows a secret, not even a wrong one", async () => {
    const inputs = changed(pipelineInputs(), "sources.cam1.uri", "http://user:geheim@host/");
    const { failures } = await check("Pipeline", inputs);
    expect(failures).toEqual([
      {
        property: "sources.cam1.uri",
        reason: expect.stringContaining(
          "must begin with rtsp://, rtsps://, file://, v4l2://, csi://, test://, got [secret]\n",
        ),
      },
    ]);
  });

  test("makes a source's address secret although the program did not", async () => {
    const { inputs } = await check(
      "Pipeline",
      changed(pipelineInputs(), "sources.cam1.uri", "rtsp://host/"),
    );
    expect(isSecretAt(inputs, ["sources", "cam1", "uri"])).toBe(true);
    expect(isSecretAt(inputs, ["sources", "cam1", "loop"])).toBe(false);
  });

  test.each(["auto", "tcp", "udp", undefined])(
    "leaves the transport of a source as it is written: %s",
    async (transport) => {
      const news = changed(pipelineInputs(), "sources.cam1.transport", transport);
      const { inputs, failures } = await check("Pipeline", news);
      expect(failures).toEqual([]);
      expect(valueAt(inputs, ["sources", "cam1", "transport"])).toBe(transport);
    },
  );

  test("fills in defaults at every depth and leaves the rest as written", async () => {
    const { inputs, failures } = await check("Pipeline", changed(pipelineInputs(), "track", {}));
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({
      detect: { minScore: 0.5, nmsIou: 0.45 },
      track: { algorithm: "bytetrack" },
      sinks: { mqtt: {} },
    });
  });

  test("refuses to skip frames of which no tracker would tell", async () => {
    const gated = await check(
      "Pipeline",
      changed(changed(pipelineInputs(), "detect.motion", {}), "track", undefined),
    );
    expect(gated.failures[0]?.reason).toContain("needs a tracker");
    const skipping = changed(pipelineInputs(), "detect.interval", 3);
    expect((await check("Pipeline", changed(skipping, "track", {}))).failures).toEqual([]);
    const { failures } = await check("Pipeline", changed(skipping, "track", undefined));
    expect(failures).toHaveLength(1);
    expect(failures[0]?.property).toBe("detect.interval");
    expect(failures[0]?.reason).toContain("needs a tracker for the frames between; add track");
  });

  test("takes several parts of a source's pictures, and refuses one that is there twice", async () => {
    const part = { left: 0, top: 0, width: 0.5, height: 1 };
    const looking = (...regions: object[]) =>
      check("Pipeline", changed(pipelineInputs(), "detect.regions", regions));
    expect((await looking({ ...part, source: "cam1" })).failures).toEqual([]);
    expect((await looking(part, { ...part, left: 0.5, source: "cam1" })).failures).toEqual([]);
    const { failures } = await looking(part, { ...part, source: "cam1" });
    expect(failures).toHaveLength(1);
    expect(failures[0]?.property).toBe("detect.regions");
    expect(failures[0]?.reason).toContain("of cam1 twice; leave one of them out");
  });

  test("does not invent a tracker", async () => {
    const { inputs } = await check("Pipeline", changed(pipelineInputs(), "track", undefined));
    expect(inputs).not.toHaveProperty("track");
  });

  test("finds nothing new when it checks its own answer, goals apart", async () => {
    const first = await world.driver.checked(urnOf("Pipeline", "entrance"), pipelineInputs());
    const { state: _goal, ...again } = first;
    expect((await check("Pipeline", again)).inputs).toEqual(first);
  });

  test.each([
    "name",
    "device",
    "device.board",
    "sources",
    "sources.cam1",
    "sources.cam1.uri",
    "detect",
    "detect.model",
    "detect.model.digest",
    "detect.minScore",
    "track",
    "sinks",
  ])("accepts %s that is not known yet", async (path) => {
    const { failures } = await check("Pipeline", changed(pipelineInputs(), path, UNKNOWN));
    expect(failures).toEqual([]);
  });

  test.each([
    "name",
    "device",
    "sources",
    "sources.cam1",
    "detect",
    "detect.model",
    "detect.minScore",
    "track",
  ])("accepts %s that is secret, and keeps it so", async (path) => {
    const parts = path.split(".");
    const plain = parts.reduce<unknown>((at, part) => (at as Properties)[part], pipelineInputs());
    const news = changed(pipelineInputs(), path, new Secret(plain as Properties));
    const { inputs, failures } = await check("Pipeline", news);
    expect(failures).toEqual([]);
    expect(isSecretAt(inputs, parts)).toBe(true);
  });
});

function manyLabels(count: number): Properties {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`label-${n}`, "x y"]));
}

describe("check of a pipeline's scope", () => {
  const labelled = { name: "door", board: "tx2", labels: { site: "basel", floor: "2" } };
  const scoped = (scope: unknown, device: unknown = labelled) =>
    check("Pipeline", { ...pipelineInputs(), device, scope } as Properties);

  test.each([
    [{ to: "fleet" }],
    [{ to: "labels", labels: { site: "basel" } }],
    [{ to: "devices", devices: ["yard", "door"] }],
    [{ to: "labels", labels: { site: UNKNOWN } }],
  ])("takes %j", async (scope) => {
    expect((await scoped(scope)).failures).toEqual([]);
  });

  test("takes labels of a device that is not known yet", async () => {
    const device = { ...labelled, labels: UNKNOWN };
    const scope = { to: "labels", labels: { site: "bern" } };
    expect((await scoped(scope, device)).failures).toEqual([]);
  });

  test.each([
    [{ to: "city" }, "scope.to", 'expected one of "devices", "labels", "fleet", got "city"'],
    [{ to: "labels" }, "scope.labels", "expected at least one of labels"],
    [{ to: "labels", labels: {} }, "scope.labels", "expected at least one of labels"],
    [{ to: "devices", devices: [] }, "scope.devices", "expected at least one of devices"],
    [
      { to: "fleet", devices: ["door"] },
      "scope.devices",
      "goes with a scope to devices, not to fleet",
    ],
    [
      { to: "labels", labels: { site: "bern" } },
      "scope",
      "expected a scope that the device is in, got site=bern, and door has floor=2, site=basel",
    ],
    [{ to: "devices", devices: ["yard"] }, "scope", "got yard, and door has floor=2"],
  ])("refuses %j", async (scope, property, reason) => {
    const { failures } = await scoped(scope);
    expect(failures).toEqual([{ property, reason: expect.stringContaining(reason) }]);
  });
});

const IMAGE = `nvcr.io/nvidia/deepstream@sha256:${"0".repeat(64)}`;

describe("check of a device", () => {
  test("runs a PC in containers of an image by its digest alone, and of docker unless podman is named", async () => {
    const pc = changed(deviceInputs(), "board", "x86");
    const taken = await check("Device", changed(pc, "container", { image: IMAGE }));
    expect(taken.failures).toEqual([]);
    expect(taken.inputs["container"]).toEqual({ image: IMAGE, runtime: "docker" });
    const image = "nvcr.io/nvidia/deepstream:7.1";
    const { failures } = await check("Device", changed(pc, "container", { image }));
    expect(failures).toMatchObject([{ property: "container.image" }]);
    expect(failures[0]?.reason).toContain("must be REGISTRY/NAME@sha256:");
  });

  test.each([
    ["address", "", 'expected a text of at least 1 character, got ""'],
    ["port", 0, "expected at least 1, got 0"],
    ["port", 22.5, "expected a whole number, got 22.5"],
    ["board", "orin", 'expected one of "tx1", "tx2", "nano"'],
    ["ssh", undefined, "expected it, or `enroll: true`"],
    ["ssh.privateKeyPath", 7, "expected a text, got 7"],
    ["ssh.hostKey", "aa:bb", "must be an OpenSSH fingerprint"],
    ["address", "nvidia@10.0.4.17", 'set address: "10.0.4.17" and ssh.user: "nvidia"'],
    ["address", "10.0.4.17:2222", 'set address: "10.0.4.17" and port: 2222'],
    ["address", "dev@door.lab:22", 'set address: "door.lab" and ssh.user: "dev" and port: 22'],
    ["address", "ssh://door.lab/", "must be a host name or an IP address alone"],
    ["address", "[::1]", 'set address: "::1"'],
    ["address", "[::1]:2222", 'set address: "::1" and port: 2222'],
    ["address", "a b", "must be a host name or an IP address"],
    ["address", "-oProxyCommand=x", "must be a host name or an IP address"],
    ["ssh.user", "nvidia:22", "must be a login's name alone"],
    ["ssh.user", "-l", "must be a login's name alone"],
    ["ssh.user", "a b", "must be a login's name alone"],
    ["powerMode", "30 W", "must be a mode's name"],
    ["ssh.username", "x", "did you mean user?"],
    ["agent", "active", "unknown property"],
    ["labels.site", "", "must be 1 to 63 printable ASCII characters"],
    ["labels.site", " basel", "begin and end with no space"],
    ["labels.site", "b\u0000l", "printable ASCII"],
    ["labels.site", "z\u00fcrich", "printable ASCII"],
    ["labels.site", "x".repeat(64), "1 to 63"],
    ["labels.site", 7, "expected a text, got 7"],
    ["labels.Site", "basel", "name must be 1 to 63 lower-case letters"],
    ["labels", "basel", 'expected an object, got "basel"'],
    ["labels", manyLabels(33), "must be at most 32 labels"],
    ["container", { image: IMAGE }, "BOARD_CONTAINER: Expected a PC (board x86) for containers"],
  ])("refuses %s = %j at its path", async (path, value, reason) => {
    const { failures } = await check("Device", changed(deviceInputs(), path, value));
    expect(failures).toHaveLength(1);
    expect(failures[0]?.property).toBe(path);
    expect(failures[0]?.reason).toContain(reason);
  });

  test.each(["10.0.4.17", "door.lab", "tx2_lab", "::1", "fe80::1%eth0", UNKNOWN])(
    "takes the address %s",
    async (address) => {
      expect((await check("Device", changed(deviceInputs(), "address", address))).failures).toEqual(
        [],
      );
    },
  );

  test.each(["jetson_user", "Admin", "svc.deploy", "CORP\\dev", "dev@corp.lab"])(
    "takes the login %s",
    async (user) => {
      expect((await check("Device", changed(deviceInputs(), "ssh.user", user))).failures).toEqual(
        [],
      );
    },
  );

  test("makes passwords and passphrases secret, on the way as well, and never shows them", async () => {
    const secrets = { password: "geheim1", passphrase: "geheim2" };
    const jumpHosts = [{ address: "gate", ...secrets }];
    const ssh = { ...secrets, sudoPassword: "geheim3", jumpHosts };
    const { inputs, failures } = await check("Device", changed(deviceInputs(), "ssh", ssh));
    expect(failures).toEqual([]);
    const paths = [["password"], ["passphrase"], ["sudoPassword"]];
    for (const path of paths) expect(isSecretAt(inputs, ["ssh", ...path])).toBe(true);
    const [jump] = (inputs["ssh"] as Properties)["jumpHosts"] as Properties[];
    expect(jump).toMatchObject({ port: 22, user: "nvidia" });
    for (const key of Object.keys(secrets)) expect(jump?.[key]).toBeInstanceOf(Secret);
    const wrong = { password: `${"geheim".repeat(300)}` };
    const refused = await check("Device", changed(deviceInputs(), "ssh", wrong));
    expect(refused.failures).toHaveLength(1);
    expect(JSON.stringify(refused.failures)).not.toContain("geheim");
  });

  test.each([{}, manyLabels(32), { site: UNKNOWN }, UNKNOWN])("takes labels %#", async (labels) => {
    const { failures } = await check("Device", changed(deviceInputs(), "labels", labels));
    expect(failures).toEqual([]);
  });

  test("takes its name from the resource when none is given", async () => {
    const { inputs } = await check(
      "Device",
      changed(deviceInputs(), "name", undefined),
      "back-door",
    );
    expect(inputs["name"]).toBe("back-door");
  });

  test("says where a bad name comes from when the program gave none", async () => {
    const { failures } = await check(
      "Device",
      changed(deviceInputs(), "name", undefined),
      "Back Door",
    );
    expect(failures[0]).toMatchObject({ property: "name" });
    expect(failures[0]?.reason).toContain("set name");
  });

  test("takes null for absent", async () => {
    const inputs = changed(deviceInputs(), "ssh.hostKey", null);
    expect((await check("Device", inputs)).failures).toEqual([]);
  });
});

describe("check of a model", () => {
  const labels = ["person"];

  test("adds digest and size of the file", async () => {
    const { inputs, failures } = await check(
      "Model",
      { source: world.modelPath, labels },
      "people",
    );
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({
      name: "people",
      decoder: "yolox",
      sizeBytes: tinyOnnx(1).length,
    });
    expect(inputs["digest"]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test.each([
    [
      "is cut off",
      tinyOnnx(1).subarray(0, 100),
      "but the file is cut off or is no protobuf message (while reading the model); the file has 100 bytes",
    ],
    ["is text", Buffer.from("not a model"), "MODEL_INVALID"],
    ["is empty", Buffer.alloc(0), "there is no graph: this is no ONNX file"],
  ])("refuses a file that %s", async (_what, bytes, reason) => {
    const source = join(world.dir, "bad.onnx");
    writeFileSync(source, bytes);
    const { failures } = await check("Model", { source, labels }, "people");
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ property: "source" });
    expect(failures[0]?.reason).toContain(reason);
  });

  test("refuses a path where no file is, naming it", async () => {
    const { failures } = await check("Model", { source: "/absent/model.onnx", labels }, "people");
    expect(failures).toEqual([
      {
        property: "source",
        reason: expect.stringMatching(
          /^MODEL_INVALID: expected an ONNX file, got no file at \/absent\/model\.onnx\n {2}next: /,
        ),
      },
    ]);
  });

  test("refuses labels that are not as many as the model's classes", async () => {
    const news = { source: world.modelPath, labels: ["person", "car"] };
    expect((await check("Model", news, "people")).failures).toEqual([
      {
        property: "source",
        reason: expect.stringContaining(
          "Expected an output of shape [1,84,7] for 2 labels but got [1,84,6]",
        ),
      },
    ]);
  });

  test("leaves the digest open when the path is not known yet", async () => {
    const { inputs, failures } = await check("Model", { source: UNKNOWN, labels }, "people");
    expect(failures).toEqual([]);
    expect(inputs).not.toHaveProperty("digest");
  });
});

describe("check of the configuration", () => {
  test("refuses http, but the engine may configure with what a former version left in the state", async () => {
    const former = changed(world.config, "hubUrl", "http://127.0.0.1:4000");
    expect((await world.driver.checkConfig(former)).failures).toHaveLength(1);
    await world.driver.configure(former);
    await world.driver.configure(world.config);
  });

  test("takes numbers and truths as a stack's configuration has them, as texts", async () => {
    const texts = { ...world.config, epoch: "3", refreshBeforeUpdate: "true", fleet: "7" };
    const { inputs, failures } = await world.driver.checkConfig(texts);
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({ epoch: 3, refreshBeforeUpdate: true, fleet: "7" });
    const wrong = await world.driver.checkConfig({ ...world.config, refreshBeforeUpdate: "often" });
    expect(wrong.failures[0]?.reason).toContain('expected true or false, got "often"');
  });

  test.each([
    ["hubUrl", "mqtt://host", "must be an https:// address"],
    ["fleet", "My Fleet", "must be 1 to 63 lower-case letters"],
    ["signingKey", undefined, "expected a text, got nothing"],
    ["onUnreachable", "ignore", 'expected one of "error", "skip", "forget", got "ignore"'],
    ["hubURI", "x", "did you mean hubUrl?"],
  ])("refuses %s = %j", async (path, value, reason) => {
    const { failures } = await world.driver.checkConfig(changed(world.config, path, value));
    expect(failures).toHaveLength(1);
    expect(failures[0]?.property).toBe(path);
    expect(failures[0]?.reason).toContain(reason);
  });

  test("tells the engine what changed, so that it configures anew, and replaces nothing", async () => {
    const news = changed(world.config, "hubUrl", "https://127.0.0.1:4001");
    expect((await world.driver.diffConfig(world.config, news)).changes).toEqual({
      hubUrl: "UPDATE",
    });
    expect((await world.driver.diffConfig(world.config, world.config)).changes).toEqual({});
  });

  test("lets the engine's own keys pass", async () => {
    const news = { ...world.config, version: "1.2.3" };
    expect(await world.driver.checkConfig(news)).toMatchObject({
      failures: [],
      inputs: { version: "1.2.3" },
    });
  });
});

test("manifests made for tests are valid", async () => {
  const { failures } = await check(
    "Pipeline",
    changed(pipelineInputs(), "detect.model", manifest("b")),
  );
  expect(failures).toEqual([]);
});
