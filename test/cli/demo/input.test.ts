import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COCO_LABELS } from "../../../cli/coco-labels.ts";
import { chooseCamera, openCamera } from "../../../cli/demo/camera.ts";
import { ensureKeys } from "../../../cli/demo/keys.ts";
import { alone } from "../../../cli/demo/lock.ts";
import { chooseModel } from "../../../cli/demo/model.ts";
import { checkOptions, DemoOptions, framesOf } from "../../../cli/demo/options.ts";
import { stackConfig } from "../../../cli/demo/stack.ts";
import { demoPaths } from "../../../cli/demo/state.ts";
import { readLabels } from "../../../cli/input-files.ts";
import { repoDir } from "../../../cli/setup/paths.mjs";

const never = new AbortController().signal;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "jetfleet-demo-"));
});
afterAll(() => rm(dir, { recursive: true }));

async function file(name: string, content: string): Promise<string> {
  const target = path.join(dir, name);
  await writeFile(target, content);
  return target;
}

describe("keys", () => {
  it("are made once, for their owner's eyes only, and of the kinds that are promised", async () => {
    const paths = demoPaths(path.join(dir, "state"));
    expect(await ensureKeys(paths)).toHaveLength(3);
    const before = await readFile(paths.signingKey, "utf8");
    expect(await ensureKeys(paths)).toEqual([]);
    expect(await readFile(paths.signingKey, "utf8")).toBe(before);
    expect((await stat(paths.keys)).mode & 0o777).toBe(0o700);
    for (const secret of [paths.signingKey, paths.sshKey]) {
      expect((await stat(secret)).mode & 0o777).toBe(0o600);
    }
    expect(createPrivateKey(before).asymmetricKeyType).toBe("ed25519");
    const shown = await readFile(path.join(paths.keys, "fleet-signing.pub.pem"), "utf8");
    const own = createPublicKey(before).export({ type: "spki", format: "pem" });
    expect(shown).toBe(own);
  });

  it("include an SSH key that OpenSSH itself accepts", async () => {
    const paths = demoPaths(path.join(dir, "state"));
    await ensureKeys(paths);
    const derived = execFileSync("ssh-keygen", ["-y", "-f", paths.sshKey], { encoding: "utf8" });
    const shown = await readFile(paths.sshPublicKey, "utf8");
    expect(shown.split(" ").slice(0, 2)).toEqual(derived.trim().split(" ").slice(0, 2));
  });
});

describe("--source", () => {
  it.each([
    ["http://camera/1", "USAGE"],
    ["file:///tmp/x.mp4", "USAGE"],
    ["no-such-file.mp4", "USAGE"],
  ])("%s is refused before anything is started", async (source, code) => {
    await expect(chooseCamera(source)).rejects.toMatchObject({ code });
  });

  it("keeps a camera's password off the screen", async () => {
    const paths = demoPaths(path.join(dir, "state"));
    const choice = await chooseCamera("rtsp://user:secret@cam/1");
    const camera = await openCamera(paths, choice, never);
    expect(camera).toMatchObject({ uri: "rtsp://user:secret@cam/1", started: null });
    expect(camera.text).not.toContain("secret");
  });
});

describe("--model and --labels", () => {
  it("take a file of labels, one a line or as JSON", async () => {
    expect(await readLabels(await file("a.txt", "car\n bus \n"))).toEqual(["car", "bus"]);
    expect(await readLabels(await file("a.json", '["car","bus"]'))).toEqual(["car", "bus"]);
  });

  it.each([
    ["empty", ""],
    ["gap", "car\n\nbus"],
    ["broken", "[1"],
    ["numbers", "[1]"],
  ])("refuse a file of labels that is %s", async (name, content) => {
    const given = await file(`${name}.labels`, content);
    await expect(readLabels(given)).rejects.toMatchObject({ code: "USAGE" });
  });

  it("default to the 80 classes of COCO, in their order", async () => {
    const model = await chooseModel({ ...NOTHING, model: await file("my.onnx", "x") }, null);
    expect(model.labels).toBe(COCO_LABELS);
    expect(COCO_LABELS).toHaveLength(80);
    expect([COCO_LABELS[0], COCO_LABELS[2], COCO_LABELS[79]]).toEqual([
      "person",
      "car",
      "toothbrush",
    ]);
  });

  it.each<[string, string | null, Partial<typeof NOTHING>, string]>([
    ["nothing is deployed", null, {}, "street v1"],
    ["v1 is deployed", "v1", {}, "street v1"],
    ["v2 is deployed", "v2", {}, "street v2"],
    ["v1 is deployed", "v1", { update: true }, "street v2"],
    ["v2 is deployed", "v2", { update: true }, "street v2"],
    ["v2 is deployed", "v2", { rollback: true }, "street v1"],
    ["v1 is deployed", "v1", { rollback: true }, "street v1"],
    ["a model of the user's is deployed", "other", {}, "street v1"],
    ["a model of the user's is deployed", "other", { update: true }, "street v2"],
  ])("when %s (%s), %j gives %s", async (_, configured, options, title) => {
    const deployed = configured && path.join(repoDir, "models", `street-${configured}-b1.onnx`);
    const model = await chooseModel({ ...NOTHING, ...options }, deployed);
    expect(model.title).toBe(title);
    expect(path.basename(model.source)).toBe(`${title.replace(" ", "-")}-b1.onnx`);
    expect(model.labels).toEqual(["person", "vehicle", "bicycle"]);
  });

  it("say so when labels come without a model, or the model is not there", async () => {
    const labels = chooseModel({ ...NOTHING, labels: "x" }, null);
    await expect(labels).rejects.toMatchObject({ code: "USAGE" });
    const model = chooseModel({ ...NOTHING, model: "no-such.onnx" }, null);
    await expect(model).rejects.toThrow("no-such.onnx");
  });
});

describe("the stack's configuration", () => {
  it("names keys and credentials by file, pins host keys, and holds no secret", () => {
    const paths = demoPaths("/state");
    const config = stackConfig("quickstart", {
      fleet: "demo",
      hubUrl: "http://127.0.0.1:4000",
      paths,
      boards: [
        { name: "tx2", board: "tx2", host: "127.0.0.1", sshPort: 2201, hostKey: "SHA256:abc" },
      ],
      cameraUri: "rtsp://user:secret@cam/1",
      video: null,
      model: { source: "/m.onnx", labels: ["car"] },
    });
    expect(config["jetfleet:operatorCredentials"]).toBe("/state/keys/operator.pem");
    expect(JSON.parse(config["quickstart:devices"] ?? "")).toEqual([
      {
        name: "tx2",
        board: "tx2",
        address: "127.0.0.1",
        port: 2201,
        ssh: { user: "nvidia", privateKeyPath: "/state/keys/ssh_ed25519", hostKey: "SHA256:abc" },
      },
    ]);
    expect(JSON.stringify(config)).not.toContain("secret");
    expect(config["quickstart:video"]).toBe("null");
  });
});

describe("options", () => {
  it.each<Partial<typeof NOTHING>>([
    { purge: true },
    { update: true, rollback: true },
    { down: true, update: true },
    { down: true, json: true },
    { rollback: true, model: "x.onnx" },
  ])("%j says nothing together and is refused", (options) => {
    expect(() => checkOptions({ ...NOTHING, ...options })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });
});

describe("a number of frames", () => {
  it("is one that can be waited for", () => {
    expect(["1", "300", "99999"].map(framesOf)).toEqual([1, 300, 99_999]);
    for (const text of ["0", "-1", "1.5", "1e3", "", "100000", "many"]) {
      expect(() => framesOf(text), text).toThrow(/from 1 to 99999/);
    }
  });
});

describe("the lock", () => {
  it("lets one demo work at a time, and a dead one's lock does not count", async () => {
    const lock = path.join(dir, "locks", "demo.lock");
    expect(await alone(lock, () => Promise.resolve("first"))).toBe("first");
    await writeFile(lock, "4000000");
    expect(await alone(lock, () => Promise.resolve("after a dead one"))).toBe("after a dead one");
    await expect(stat(lock)).rejects.toThrow("ENOENT");
  });
});

const NOTHING = DemoOptions.parse({});
