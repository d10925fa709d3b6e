import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HubClient } from "../../fleet/hub/client/index.ts";
import { HubProcess } from "./running-hub.ts";

const BYTES = randomBytes(3_000_000);
const DIGEST = `sha256:${createHash("sha256").update(BYTES).digest("hex")}`;
/** The discard service, which nobody runs. */
const NOBODY = "https://127.0.0.1:9";
const ROUTE = `/objects/${DIGEST}`;

let hub: HubProcess;
let file: string;

beforeAll(async () => {
  hub = await HubProcess.start();
  await hub.certify("door");
  file = path.join(hub.dir, "object");
  await writeFile(file, BYTES);
});
afterAll(() => hub.remove());

/** Status and the answer's headers, by curl. */
async function head(user: string | null, route: string, ...args: string[]): Promise<string> {
  return (await hub.curl(user, route, "--dump-header", "-", "--output", "/dev/null", ...args))
    .stdout;
}

describe("uploads", () => {
  it("are refused without a certificate and from devices", async () => {
    expect(await head(null, ROUTE, "--upload-file", file)).toBe("");
    expect(await head("door", ROUTE, "--upload-file", file)).toMatch(/^HTTP\/1.1 403/);
    expect(await hub.client().hasObject(DIGEST)).toBe(false);
  });

  it("of other bytes than the digest names leave nothing behind", async () => {
    const wrong = `/objects/sha256:${"0".repeat(64)}`;
    const answer = await hub.curl("operator", wrong, "--upload-file", file);
    expect(JSON.parse(answer.stdout)).toMatchObject({ code: "ARTIFACT_DIGEST" });
    expect(await readdir(path.join(hub.stateDir, "objects"))).toEqual(["incoming"]);
    expect(await readdir(path.join(hub.stateDir, "objects", "incoming"))).toEqual([]);
  });

  it("appear once whole, and a second time costs nothing", async () => {
    const sent: number[] = [];
    const client = hub.client();
    expect(await client.putObject(DIGEST, file, (bytes) => sent.push(bytes))).toBe(BYTES.length);
    expect(sent.at(-1)).toBe(BYTES.length);
    expect(await client.putObject(DIGEST, file)).toBe(0);
    expect(await head("operator", ROUTE, "--upload-file", file)).toMatch(/HTTP\/1.1 200/);
  });

  it("are taken again when the disk has damaged what was stored", async () => {
    const stored = path.join(hub.stateDir, "objects", DIGEST.slice("sha256:".length));
    const bytes = await readFile(stored);
    bytes[1000] = (bytes[1000] ?? 0) ^ 0xff;
    await writeFile(stored, bytes);
    expect(await hub.client().hasObject(DIGEST)).toBe(false);
    expect(await hub.client().putObject(DIGEST, file)).toBe(BYTES.length);
    expect(await hub.client().hasObject(DIGEST)).toBe(true);
  });

  it("that a stop cut off are cleaned away at the next start", async () => {
    await writeFile(path.join(hub.stateDir, "objects", "incoming", "half"), "half");
    await hub.end("SIGKILL");
    await hub.restart();
    expect(await readdir(path.join(hub.stateDir, "objects"))).toEqual([DIGEST.slice(7)]);
    expect(await hub.client().hasObject(DIGEST)).toBe(true);
  });
});

describe("downloads", () => {
  beforeAll(async () => {
    const desired = { payload: `{"of":"${DIGEST}"}`, keyId: "0123456789abcdef", signature: "AAAA" };
    const link = await hub.client().connectMqtt();
    await link.publish("door", "desired", desired);
    await link.close();
  });

  it("give a device nothing that its desired document does not name", async () => {
    await hub.certify("gate");
    expect(await head("gate", ROUTE)).toMatch(/^HTTP\/1.1 403/);
    expect(await head("gate", ROUTE, "--head")).toMatch(/^HTTP\/1.1 403/);
    expect(await head("door", `/objects/sha256:${"1".repeat(64)}`)).toMatch(/^HTTP\/1.1 403/);
    await hub.client().deleteDevice("gate");
  });

  it("give a device the very bytes", async () => {
    const target = path.join(hub.dir, "download");
    expect((await hub.curl("door", ROUTE, "--output", target)).code).toBe(0);
    const { stdout } = await hub.curl("door", ROUTE, "--head");
    expect(stdout.toLowerCase()).toContain(`etag: "${DIGEST}"`);
    expect(stdout.toLowerCase()).toContain(`content-length: ${BYTES.length}`);
    expect((await readFile(target)).equals(BYTES)).toBe(true);
  });

  it("resume where they stopped", async () => {
    const target = path.join(hub.dir, "resumed");
    await writeFile(target, BYTES.subarray(0, 1_000_000));
    expect((await hub.curl("door", ROUTE, "--continue-at", "-", "--output", target)).code).toBe(0);
    expect((await readFile(target)).equals(BYTES)).toBe(true);
  });

  it.each<[string, string[], RegExp]>([
    ["a middle part", ["--range", "10-19"], /206 .*content-range: bytes 10-19\/3000000/is],
    ["a tail", ["--range", "-5"], /206 .*content-range: bytes 2999995-2999999\/3000000/is],
    ["beyond the end", ["--range", "3000000-"], /416 .*content-range: bytes \*\/3000000/is],
    ["several parts", ["--range", "0-1,4-5"], /200 .*content-length: 3000000/is],
    ["a stale If-Range", ["--range", "0-1", "-H", 'If-Range: "old"'], /200 /],
    ["a fitting If-Range", ["--range", "0-1", "-H", `If-Range: "${DIGEST}"`], /206 /],
    ["a known tag", ["-H", `If-None-Match: "${DIGEST}"`], /304 /],
    ["an empty tail", ["--range", "-0"], /416 /],
    ["an unknown unit", ["-H", "Range: lines=0-1"], /200 /],
    ["letters for a range", ["-H", "Range: bytes=a-b"], /416 /],
    ["a Range on HEAD", ["--head", "--range", "0-1"], /200 .*content-length: 3000000/is],
  ])("answer %s", async (_name, args, expected) => {
    expect(await head("door", ROUTE, ...args)).toMatch(expected);
  });

  it("refuse what is not an object's name", async () => {
    for (const route of [
      "/objects/../keys/operator.pem",
      "/objects/..%2f..%2fkeys%2foperator.pem",
      "/objects/sha256:../../keys/operator.pem",
      `/objects/${DIGEST}/x`,
      "/devices/..",
      "/retained/../desired",
      "//",
    ]) {
      expect(await head("operator", route), route).toMatch(/^HTTP\/1.1 404/);
    }
    expect(await head("operator", `/objects/sha256:${"1".repeat(64)}`)).toMatch(/^HTTP\/1.1 404/);
  });
});

describe("the client", () => {
  it("lists devices with a certificate or something retained", async () => {
    const link = await hub.client().connectMqtt();
    const message = { payload: "{}", keyId: "0123456789abcdef", signature: "AAAA" };
    await link.publish("gate", "desired", message);
    expect(await link.readRetained("gate", "desired")).toEqual(message);
    await link.close();
    expect(await hub.client().listDevices()).toEqual([
      { name: "door", retained: ["desired"] },
      { name: "gate", retained: ["desired"] },
    ]);
    expect(await head("door", "/devices")).toMatch(/^HTTP\/1.1 403/);
  });

  it("says what is wrong with an identity, and HUB_UNREACHABLE where nobody answers", async () => {
    const { httpUrl } = hub.record;
    const missing = new HubClient({ httpUrl, identityFile: path.join(hub.dir, "none.pem") });
    await expect(missing.info()).rejects.toMatchObject({ code: "IDENTITY_MISSING" });
    const nobody = new HubClient({ httpUrl: NOBODY, identityFile: hub.operatorFile });
    await expect(nobody.info()).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
    const plain = new HubClient({
      httpUrl: httpUrl.replace("https:", "http:"),
      identityFile: hub.operatorFile,
    });
    await expect(plain.info()).rejects.toMatchObject({ code: "USAGE" });
  });

  it("stops at once when cancelled", async () => {
    const cancel = new AbortController();
    const client = new HubClient({
      httpUrl: NOBODY,
      identityFile: hub.operatorFile,
      signal: cancel.signal,
    });
    const asked = client.info();
    cancel.abort();
    await expect(asked).rejects.toMatchObject({ code: "CANCELLED" });
  });
});
