import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineAttestation, EngineStatement } from "../../../fleet/contract/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { Identity } from "../../../fleet/transfer/identity/identity.ts";
import { IdentityFile } from "../../../fleet/transfer/identity/identity-file.ts";
import { attestEngine, readAttestation } from "../../../fleet/transfer/identity/signed-engine.ts";
import { signText } from "../../../fleet/transfer/identity/signed-text.ts";
import { codeOf } from "../../hub/deploy-world.ts";
import { TestFleet } from "../../hub/test-fleet.ts";

let fleet: TestFleet;
let other: TestFleet;
let door: Identity;
let stranger: Identity;
let operator: Identity;
beforeAll(async () => {
  [fleet, other] = await Promise.all([TestFleet.make("demo"), TestFleet.make("demo")]);
  const read = (file: string) => new IdentityFile(file).current();
  door = read(await fleet.certify("door"));
  operator = read(await fleet.certify("boss", "operator"));
  stranger = read(await other.certify("door"));
});
afterAll(() => {
  fleet.remove();
  other.remove();
});

const KEY = "jetfleet engine 1\n";
const STATEMENT: EngineStatement = {
  ...{ statement: 1, fleet: "demo", device: "door", key: KEY, keyDigest: sha256Digest(KEY) },
  ...{ model: sha256Digest("m"), accelerator: "cpu", digest: sha256Digest("e"), sizeBytes: 1 },
  selfTest: { test: 1, decoder: "yolox", pictures: [{ candidates: 0, strongest: [] }] },
  ...{ builtAtMs: 1, seconds: 1, bootId: "b", agentVersion: "1", backend: "onnxruntime" },
};
const read = (attestation: EngineAttestation) =>
  Promise.resolve().then(() => readAttestation(attestation, "demo", fleet.ca.certificatePem));
const signed = (change: Partial<EngineStatement>, by = () => door) =>
  attestEngine({ ...STATEMENT, ...change }, by());

describe("an attestation", () => {
  it("says what a device of the fleet signed", async () => {
    expect(await read(signed({}))).toEqual(STATEMENT);
  });

  const bad: [string, () => EngineAttestation][] = [
    ["of another CA, with the same names", () => signed({}, () => stranger)],
    ["by an operator", () => signed({ device: "boss" }, () => operator)],
    ["for another device", () => signed({ device: "yard" })],
    ["for another fleet", () => signed({ fleet: "yard" })],
    ["of a key that its digest does not name", () => signed({ key: "another" })],
    [
      "whose text was altered",
      () => {
        const { statement, ...rest } = signed({});
        return { ...rest, statement: statement.replace('"seconds":1', '"seconds":2') };
      },
    ],
    [
      "that was signed for another purpose",
      () => {
        const statement = JSON.stringify(STATEMENT);
        return { statement, ...signText(door, "journal head", statement) };
      },
    ],
    [
      "of another version",
      () => {
        const statement = JSON.stringify({ ...STATEMENT, statement: 2 });
        return { statement, ...signText(door, "engine attestation", statement) };
      },
    ],
    ["that is no JSON", () => ({ statement: "x", ...signText(door, "engine attestation", "x") })],
    ["with a certificate that is none", () => ({ ...signed({}), certificate: "x" })],
  ];
  it.each(bad)("%s is refused", async (_, made) => {
    expect(await codeOf(read(made()))).toBe("ENGINE_ATTESTATION");
  });
});
