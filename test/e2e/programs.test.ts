import { appendFile, copyFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DesiredMessage, Reported } from "../../fleet/contract/index.ts";
import { compositionIn } from "../../fleet/hub/deploy/is-current.ts";
import { inspectPart, parseJson } from "../../fleet/release/index.ts";
import { until } from "../hub/running-hub.ts";
import { FULL, LONG } from "../support/long-form.ts";
import { ShapedNetwork } from "./support/shaped-network.ts";
import { SharedProgram } from "./support/shared-program.ts";
import { DEVICE, SmallWorld } from "./support/small-world.ts";

const MINUTE = 60_000;
const ROUNDS = Number(process.env["JETFLEET_TEST_ROUNDS"] ?? (FULL ? 50 : 2));
const BIG_BYTES = 12_000_000;

/** Two programs with stacks of their own deploy to one simulated board, each by a real engine and provider. */
describe("programs that share a device", { timeout: 5 * MINUTE }, () => {
  let world: SmallWorld;
  let network: ShapedNetwork;
  let hubUrl: string;
  let first: SharedProgram;
  let second: SharedProgram;

  beforeAll(async () => {
    // A TX2 has no room for twelve pipelines.
    world = await SmallWorld.create("agx-xavier");
    await world.startCamera({ fps: 5 });
    network = new ShapedNetwork();
    hubUrl = (await world.reachHubThrough(network)).httpUrl;
    first = await SharedProgram.create(world, "first");
    second = await SharedProgram.create(world, "second", "agx-xavier");
  }, 3 * MINUTE);
  afterAll(async () => {
    network?.close();
    await world?.end();
  }, MINUTE);

  /** What the device was told, by the hub. */
  async function told() {
    const bytes = Buffer.from((await world.client().getRetained(DEVICE, "desired")) ?? []);
    const { parts } = DesiredMessage.parse(parseJson(bytes.toString()));
    const pipelines = parts
      .map((part) => inspectPart(part).document)
      .filter((document) => document.kind === "pipeline");
    return {
      generation: compositionIn(bytes)?.generation ?? 0,
      scores: Object.fromEntries(pipelines.map(({ name, spec }) => [name, spec.detect.minScore])),
    };
  }

  async function reported(): Promise<Reported> {
    const bytes = await world.client().getRetained(DEVICE, "reported");
    return Reported.parse(parseJson(Buffer.from(bytes ?? []).toString()));
  }

  const updateOf = async (name: string) =>
    (await reported()).updates?.find(({ pipeline }) => pipeline === name);

  it.runIf(FULL)(
    `gives twelve pipelines of one up to the device in one generation or two${LONG}`,
    async () => {
      const twelve = Array.from({ length: 12 }, (_, n) => ({ name: `p${n + 10}`, minScore: 0.4 }));
      const { code, text } = await first.up(twelve, { hubUrl });
      expect(code, text).toBe(0);
      const { generation, scores } = await told();
      expect(Object.keys(scores)).toEqual(twelve.map(({ name }) => name));
      expect(generation).toBeLessThanOrEqual(2);
      expect((await reported()).update.state).toBe("committed");
    },
  );

  it(
    `keeps what both deploy at the same time, ${ROUNDS} times`,
    async () => {
      for (let n = 1; n <= ROUNDS; n += 1) {
        const minScore = 0.2 + n / 100;
        const answers = await Promise.all([
          first.up([{ name: "ours", minScore }], { hubUrl }),
          second.up([{ name: "theirs", minScore }], { hubUrl }),
        ]);
        for (const { code, text } of answers) expect(code, text).toBe(0);
        expect((await told()).scores).toEqual({ ours: minScore, theirs: minScore });
        const { pipelines, updates } = await reported();
        expect(pipelines.map(({ name, state }) => [name, state])).toEqual([
          ["ours", "running"],
          ["theirs", "running"],
        ]);
        expect(updates?.map(({ state }) => state)).toEqual(["committed", "committed"]);
      }
    },
    ROUNDS * MINUTE,
  );

  it.runIf(FULL)(
    `lets a slow download go on while the other program changes its own pipeline${LONG}`,
    async () => {
      const model = path.join(world.demo.paths.state, "big.onnx");
      await copyFile(world.model, model);
      await appendFile(model, docString(BIG_BYTES));
      const big = first.up([{ name: "ours", model, minScore: 0.5 }], { hubUrl });
      await until("the model is at the hub", async () => (await told()).scores["ours"] === 0.5);
      network.limit(2_000_000);
      const before = network.passedBytes.back;
      const fetched = async () => (await updateOf("ours"))?.fetchedBytes ?? 0;
      await until("some of it is fetched", async () => (await fetched()) > BIG_BYTES / 20);
      const { code, text } = await second.up([{ name: "theirs", minScore: 0.9 }], { hubUrl });
      expect(code, text).toBe(0);
      expect(await updateOf("theirs")).toMatchObject({ state: "committed" });
      expect(await updateOf("ours")).toMatchObject({ state: "fetching", error: null });
      network.limit(Number.POSITIVE_INFINITY);
      const answer = await big;
      expect(answer.code, answer.text).toBe(0);
      // All that passed, requests of both providers with it: no byte came twice.
      expect(network.passedBytes.back - before).toBeLessThan(1.3 * BIG_BYTES);
    },
  );
});

/** Field 6 of an ONNX model (onnx.proto: doc_string), which nobody needs. */
function docString(sizeBytes: number): Buffer {
  const length: number[] = [];
  for (let rest = sizeBytes; rest > 0; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  length.push((length.pop() ?? 0) & 0x7f);
  return Buffer.concat([Buffer.from([(6 << 3) | 2, ...length]), Buffer.alloc(sizeBytes, "x")]);
}
