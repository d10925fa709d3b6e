import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Machine, machineOf } from "../../../fleet/spec/index.ts";
import { type Properties, UNKNOWN } from "../../../infra/provider/rpc/values.ts";
import { compileDecoder } from "../../native/own-decoder/compile.ts";
import { tinyModel } from "../../native/tiny-model.ts";
import { changed, manifest, pipelineInputs } from "./inputs.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Model", "own");
const HERE = machineOf(process.arch) as Machine;
const [OTHER, OTHER_ELF] =
  HERE === "x86_64" ? (["aarch64", 183] as const) : (["x86_64", 62] as const);

let world: World;
let source: string;
let steady: string;
let foreign: string;
beforeAll(async () => {
  world = await createWorld();
  source = at("own.onnx", Buffer.from(tinyModel()));
  steady = compileDecoder(join(world.dir, "steady.so"), "steady_decoder.c");
  // As far as anything here looks at it, it is what a compiler for the other machine makes.
  const bytes = readFileSync(steady);
  bytes.writeUInt16LE(OTHER_ELF, 18);
  foreign = at("foreign.so", bytes);
});
afterAll(() => world.close());

function at(name: string, bytes: Buffer): string {
  const path = join(world.dir, name);
  writeFileSync(path, bytes);
  return path;
}

const given = (decoderLibrary: Properties, more: Properties = {}): Properties => {
  return { source, labels: ["thing"], decoderLibrary, ...more };
};

describe("a decoder of the operator's own", () => {
  test("is tried in preview with its model, goes to the hub file by file, and is in the manifest by digest", async () => {
    const inputs = await world.driver.checked(urn, given({ [HERE]: steady, [OTHER]: foreign }));
    const created = await world.driver.create(urn, inputs);
    const { decoder, decoderLibrary } = created.state["manifest"] as {
      decoder: string;
      decoderLibrary: Record<Machine, { digest: string; sizeBytes: number }>;
    };
    expect(decoder).toBe("library");
    for (const machine of [HERE, OTHER]) {
      expect(await world.hub.hasObject(decoderLibrary[machine].digest)).toBe(true);
    }
    expect(await world.driver.read(urn, created)).toEqual(created);

    const moved = at("moved.so", readFileSync(steady));
    const same = await world.driver.checked(urn, given({ [HERE]: moved, [OTHER]: foreign }));
    expect((await world.driver.diff(urn, created, same)).changes).toEqual({});
    const alone = await world.driver.checked(urn, given({ [HERE]: steady }));
    const { changes, replaces } = await world.driver.diff(urn, created, alone);
    expect([Object.keys(changes), replaces]).toEqual([[`decoderObjects.${OTHER}`], []]);
  });

  test("that is for other machines alone is not tried here, which preview says", async () => {
    const inputs = await world.driver.checked(urn, given({ [OTHER]: foreign }));
    await world.driver.create(urn, inputs, { preview: true });
    const told = () => world.engine.lines.map(({ text }) => text).join("\n");
    await vi.waitFor(() =>
      expect(told()).toContain(`not tried here: there is no file for ${HERE}`),
    );
  });

  const compiled = (name: string, ...macros: string[]) =>
    compileDecoder(join(world.dir, `${name}.so`), "steady_decoder.c", macros);
  test.each<[string, () => string, string, RegExp]>([
    [
      "is of another version of the interface",
      () => compiled("later", "STEADY_VERSION=2"),
      "decoderLibrary: MODEL_INVALID",
      /not of version 1 of the interface/,
    ],
    [
      "exports nothing of the interface",
      () => compiled("unnamed", "STEADY_UNNAMED"),
      "decoderLibrary: MODEL_INVALID",
      /exports no jetfleet_decoder/,
    ],
    [
      "crashes on real pictures",
      () => compiled("crashing", "STEADY_CRASH"),
      "decoderLibrary: MODEL_INVALID",
      /what runs models died of it by SIGABRT/,
    ],
    [
      "is cut short",
      () => at("cut.so", readFileSync(steady).subarray(0, -100)),
      `decoderLibrary.${HERE}: MODEL_INVALID`,
      /expected a shared object for \S+, got \d+ bytes of one that has \d+ at /,
    ],
    [
      "is something else",
      () => source,
      `decoderLibrary.${HERE}: MODEL_INVALID`,
      /bytes that are no 64-bit ELF file/,
    ],
    [
      "is for another machine",
      () => foreign,
      `decoderLibrary.${HERE}: DECODER_MACHINE`,
      new RegExp(`expected a shared object for ${HERE}, got one for ${OTHER}`),
    ],
    [
      "is not there",
      () => join(world.dir, "none.so"),
      `decoderLibrary.${HERE}: MODEL_INVALID`,
      /got no file at/,
    ],
  ])("that %s is refused in preview", async (_how, file, where, said) => {
    const { failures } = await world.driver.check(urn, given({ [HERE]: file() }));
    expect(failures).toHaveLength(1);
    const [{ property = "", reason = "" } = {}] = failures;
    const [path, code] = where.split(": ");
    expect([property, reason]).toEqual([path, expect.stringMatching(said)]);
    expect(reason).toContain(code);
  });

  test.each<[Properties, string, RegExp]>([
    [
      { decoder: "yolox" },
      "decoder",
      /expected decoder library, or none, beside decoderLibrary, got "yolox"/,
    ],
    [{ decoderLibrary: {} }, "decoderLibrary", /must name a file for aarch64, x86_64 or both/],
    [
      { decoderLibrary: null, decoder: "library" },
      "decoderLibrary",
      /expected the files of a decoder, got nothing/,
    ],
  ])("that is asked for as %j is refused", async (more, property, said) => {
    const { failures } = await world.driver.check(urn, given({ [HERE]: steady }, more));
    expect(failures).toEqual([
      expect.objectContaining({ property, reason: expect.stringMatching(said) }),
    ]);
  });

  test("whose file changed between check and create does not go to the hub", async () => {
    const race = at("race.so", Buffer.concat([readFileSync(steady), Buffer.of(0)]));
    const inputs = await world.driver.checked(urn, given({ [HERE]: race }));
    at("race.so", readFileSync(foreign));
    await expect(world.driver.create(urn, inputs)).rejects.toThrow("ARTIFACT_DIGEST");
  });
});

describe("a pipeline with such a model", () => {
  const pipeline = urnOf("Pipeline", "entrance");
  const object = { digest: `sha256:${"b".repeat(64)}`, sizeBytes: 9 };
  const model = { ...manifest("a"), decoder: "library", decoderLibrary: { [OTHER]: object } };
  const on = (machine: unknown) =>
    changed(
      changed(pipelineInputs("own"), "detect.model", model),
      "device.machine",
      machine as never,
    );

  test("is refused for a device whose machine it has no file for, with what to do", async () => {
    const { failures } = await world.driver.check(pipeline, on(HERE));
    expect(failures.map(({ property }) => property)).toEqual(["detect.model"]);
    expect(failures[0]?.reason).toMatch(
      new RegExp(
        `DECODER_MACHINE.*for ${HERE}, the machine of own, got one for ${OTHER} alone.*Compile`,
        "s",
      ),
    );
    expect((await world.driver.check(pipeline, on(OTHER))).failures).toEqual([]);
  });

  test("is told to be uncertain for a device that nobody has seen yet", async () => {
    const inputs = await world.driver.checked(pipeline, on(UNKNOWN));
    await world.driver.create(pipeline, inputs, { preview: true });
    const told = () => world.engine.lines.map(({ text }) => text).join("\n");
    await vi.waitFor(() => expect(told()).toContain(`whether own is such a machine is not known`));
  });
});
