import { generateKeyPairSync } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CertificateRequest,
  createKey,
  provenKey,
  requestFor,
} from "../../../fleet/transfer/identity/certificate-request.ts";
import { hubProblem } from "../../../fleet/transfer/identity/client-tls.ts";
import { parseIdentity } from "../../../fleet/transfer/identity/identity.ts";
import { IdentityFile } from "../../../fleet/transfer/identity/identity-file.ts";
import {
  hubUri,
  type PeerName,
  parsePeerNames,
  peerUri,
} from "../../../fleet/transfer/identity/peer-name.ts";
import { renewAtMs } from "../../../fleet/transfer/identity/renewal.ts";
import { TrustedClock } from "../../../fleet/transfer/identity/trusted-clock.ts";
import { TestFleet } from "../../hub/test-fleet.ts";

const DOOR = { kind: "device", fleet: "demo", name: "door" } as const;
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);

describe("the name in a certificate", () => {
  it("is read as it was written", () => {
    const peer: fc.Arbitrary<PeerName> = fc.oneof(
      fc.record({ kind: fc.constantFrom("operator", "device"), fleet: name, name }),
    );
    fc.assert(
      fc.property(peer, (who) => {
        const names = `DNS:localhost, URI:${peerUri(who)}, IP Address:127.0.0.1`;
        expect(parsePeerNames(names)).toEqual({ peer: who, term: null });
      }),
    );
  });

  it("of a hub tells its term, to the second", () => {
    const term = { fromMs: 1_700_000_000_000, untilMs: 1_800_000_000_000 };
    expect(parsePeerNames(`URI:${hubUri("demo", term)}`)).toEqual({
      peer: { kind: "hub", fleet: "demo" },
      term,
    });
  });

  it.each([
    ["nothing", ""],
    ["a web site", "DNS:example.org"],
    ["two peers", "URI:jetfleet://demo/devices/a, URI:jetfleet://demo/operators/b"],
    ["a path trick", "URI:jetfleet://demo/devices/../operators/b"],
    ["a device below a device", "URI:jetfleet://demo/devices/a/b"],
    ["a hub without a term", "URI:jetfleet://demo/hub"],
    ["a device with a term", "URI:jetfleet://demo/devices/a?from=1&until=2"],
    ["another scheme", "URI:spiffe://demo/devices/a"],
    ["a quoted name", 'URI:"jetfleet://demo/devices/a\\u002c"'],
    ["no fleet", "URI:jetfleet:///devices/a"],
  ])("is nobody's: %s", (_what, names) => {
    expect(parsePeerNames(names)).toBeNull();
  });
});

describe("a certificate request", () => {
  const keyPem = createKey();
  const request = requestFor(DOOR, keyPem);

  it("proves itself and shows no private key", () => {
    expect(provenKey(DOOR, CertificateRequest.parse(request)).length).toBeGreaterThan(80);
    expect(JSON.stringify(request)).not.toContain("PRIVATE");
  });

  it.each<[string, PeerName, Partial<CertificateRequest>]>([
    ["for another device", { ...DOOR, name: "gate" }, {}],
    ["for an operator of the name", { ...DOOR, kind: "operator" }, {}],
    ["for another fleet", { ...DOOR, fleet: "demo2" }, {}],
    ["with another's key", DOOR, { publicKey: requestFor(DOOR, createKey()).publicKey }],
    ["with no proof", DOOR, { proof: "" }],
    ["with an RSA key", DOOR, { publicKey: rsa() }],
    ["with half a key", DOOR, { publicKey: request.publicKey.slice(0, 80) }],
  ])("is none %s", (_what, peer, change) => {
    expect(() => provenKey(peer, { ...request, ...change })).toThrow(/P-256/);
  });

  function rsa(): string {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    return publicKey.export({ type: "spki", format: "pem" }).toString();
  }
});

describe("an identity file", () => {
  let fleet: TestFleet;
  let file: string;
  let text: string;

  beforeAll(async () => {
    fleet = await TestFleet.make("demo");
    file = await fleet.certify("door");
    text = readFileSync(file, "utf8");
  });
  afterAll(() => fleet.remove());

  it("is its owner's alone, and says whose it is", () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(new IdentityFile(file).current().peer).toEqual(DOOR);
  });

  it("is read again once it was replaced", async () => {
    const held = new IdentityFile(file);
    const before = held.current().serial;
    await fleet.certify("door");
    expect(held.current().serial).not.toBe(before);
  });

  it("takes no certificate of another key, name or CA, and keeps what it had", async () => {
    const held = new IdentityFile(file);
    const { keyPem, certificatePem, caPem, serial } = held.current();
    const gate = new IdentityFile(await fleet.certify("gate")).current();
    const other = await TestFleet.make("demo");
    const parts = [
      { keyPem: createKey(), certificatePem, caPem },
      { keyPem: gate.keyPem, certificatePem: gate.certificatePem, caPem },
      { keyPem, certificatePem, caPem: other.ca.certificatePem },
    ];
    for (const one of parts) {
      await expect(held.replace(one, DOOR)).rejects.toMatchObject({ code: "IDENTITY_INVALID" });
    }
    expect(held.current().serial).toBe(serial);
    other.remove();
  });

  it("is refused when it is cut short anywhere, and never quoted", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length - 30 }), (end) => {
        const message = thrown(() => parseIdentity(text.slice(0, end), "x"));
        expect(message).toContain("Expected");
        expect(message).not.toContain(text.split("\n")[1]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["huge", () => text.repeat(200)],
    ["bytes that are no text", () => "\u0000\uffff".repeat(1000)],
    ["a password file of a former version", () => '{"username":"operator","password":"x"}'],
    ["a certificate without its key", () => text.slice(text.indexOf("-----BEGIN CERT"))],
  ])("is refused: %s", (_what, content) => {
    expect(thrown(() => parseIdentity(content(), "x"))).toContain("Expected");
  });

  it("that is not there, or spoilt, is named", () => {
    expect(() => new IdentityFile(`${file}.none`).current()).toThrow(/cannot be read/);
    writeFileSync(`${file}.bad`, "spoilt");
    expect(() => new IdentityFile(`${file}.bad`).current()).toThrow(/something else/);
  });
});

describe("the clock that certificates are judged against", () => {
  const year = 365 * 24 * 3_600_000;
  const signed = Date.UTC(2026, 5, 1);

  it.each([
    ["right", signed + 1000, signed + 1000],
    ["at 1970", 5, signed],
    ["at 2099", Date.UTC(2099, 0), signed],
    ["a little behind", signed - 1000, signed],
    ["nine years ahead, which cannot be told from right", signed + 9 * year, signed + 9 * year],
  ])("is the system's where that is plausible: %s", (_what, systemMs, now) => {
    const clock = new TrustedClock(() => systemMs);
    clock.learn(signed);
    clock.learn(signed - year);
    expect(clock.now()).toBe(now);
  });

  it("never goes back behind what was signed", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.nat()), (systemMs, seen) => {
        const clock = new TrustedClock(() => systemMs);
        for (const ms of seen) clock.learn(ms);
        expect(clock.now()).toBeGreaterThanOrEqual(Math.max(systemMs < 0 ? systemMs : 0, ...seen));
      }),
    );
  });
});

describe("the hub's certificate", () => {
  const now = Date.UTC(2026, 5, 1);
  const clock = (): TrustedClock => new TrustedClock(() => now);
  const hub = (fleet: string, untilMs: number): string =>
    `URI:${hubUri(fleet, { fromMs: now - 1000, untilMs })}`;

  it.each([
    ["in its term", hub("demo", now + 1000), null],
    ["after its term", hub("demo", now - 1000), "ended on 2026-05-31"],
    ["of another fleet", hub("demo2", now + 1000), "fleet demo2's"],
    ["of a device", "URI:jetfleet://demo/devices/door", "not a hub's"],
    ["of nobody", "DNS:localhost", "not a hub's"],
  ])("%s", (_what, subjectaltname, problem) => {
    const found = hubProblem({ subjectaltname }, { peer: DOOR }, clock());
    if (problem === null) expect(found).toBeUndefined();
    else expect(found?.message).toContain(problem);
  });
});

describe("renewal", () => {
  it("is due at two thirds of the term, spread by a tenth, always the same for a certificate", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1000 }),
        fc.stringMatching(/^[0-9A-F]{8,32}$/),
        (fromMs, lifeMs, serial) => {
          const term = { fromMs, untilMs: fromMs + lifeMs };
          const share = (renewAtMs(term, serial) - fromMs) / lifeMs;
          expect(share).toBeGreaterThan(0.616);
          expect(share).toBeLessThan(0.717);
          expect(renewAtMs(term, serial)).toBe(renewAtMs(term, serial));
        },
      ),
    );
  });
});

function thrown(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return "nothing was thrown";
}
