import { describe, expect, it } from "vitest";
import {
  emptyMemory,
  judge,
  MAX_MESSAGE_BYTES,
  MAX_REMEMBERED,
  type Memory,
} from "../../../fleet/deploy/index.ts";
import { newPrivateKeyPem, publicPemOf, seal } from "../../../fleet/release/index.ts";
import { type ModelManifest, PipelineSpec } from "../../../fleet/spec/index.ts";
import {
  bytes,
  CLOCK,
  chosenOf,
  DAY_MS,
  IDENTITY,
  KEYS,
  messageOf,
  NOW_MS,
  rolesOf,
  setOf,
} from "../support/signed-fleet.ts";

const NEW = emptyMemory("nonce");
const answered = { composition: { answers: "nonce" } };

function verdictOf(message: unknown, memory: Memory = NEW, clock = CLOCK, identity = IDENTITY) {
  return judge(Buffer.isBuffer(message) ? message : bytes(message), memory, clock, identity);
}

function codeOf(message: unknown, memory?: Memory, clock?: typeof CLOCK, identity = IDENTITY) {
  const verdict = verdictOf(message, memory, clock, identity);
  return verdict.verdict === "refused" ? verdict.error.code : verdict.verdict;
}

/** Accepts a message and returns what is remembered afterwards. */
function memoryAfter(message: unknown, memory: Memory = NEW): Memory {
  const verdict = verdictOf(message, memory);
  if (verdict.verdict !== "accepted") throw new Error(JSON.stringify(verdict));
  return verdict.memory;
}

const atFive = memoryAfter(messageOf(5, [chosenOf("entrance", 3)], answered));
const other = newPrivateKeyPem();

describe("a device", () => {
  it("runs what a hub composed of parts that were released for it", () => {
    const verdict = verdictOf(messageOf(1, [chosenOf("yard"), chosenOf("entrance")], answered));
    expect(verdict).toMatchObject({ verdict: "accepted", refused: [] });
    if (verdict.verdict !== "accepted") return;
    expect(verdict.pipelines.map(({ spec, model }) => [spec.name, model.name])).toEqual([
      ["entrance", "people"],
      ["yard", "people"],
    ]);
    expect(Object.keys(verdict.memory.parts).sort()).toEqual([
      "pipeline/entrance",
      "pipeline/yard",
      "set/entrance",
      "set/yard",
    ]);
    expect(verdict.memory).toMatchObject({ generation: 1, asks: null });
  });

  it("brings a pipeline its secondary models, and refuses one whose set lacks one", () => {
    const spec = {
      ...{ name: "a", sources: { cam: { uri: "rtsp://10.0.9.1/stream1" } }, track: {} },
      ...{ detect: { model: "people" }, secondary: { colour: { model: "colours" } } },
    };
    const pipeline = { spec: PipelineSpec.parse(spec) };
    const [people] = setOf("a").models;
    if (people === undefined) throw new Error("no model");
    const colours: ModelManifest = { ...people, name: "colours", decoder: "classification" };
    const judged = (models: ModelManifest[]) =>
      verdictOf(messageOf(1, [chosenOf("a", 1, { set: { models }, pipeline })], answered));
    expect(judged([people, colours])).toMatchObject({
      verdict: "accepted",
      pipelines: [{ model: people, secondaryModels: { colour: colours } }],
    });
    expect(judged([people])).toMatchObject({
      verdict: "accepted",
      pipelines: [],
      refused: [{ pipeline: "a", error: { code: "PART_INVALID" } }],
    });
  });

  it("says of the composition in force that it is the same, also when that has expired since", () => {
    const message = messageOf(5, [chosenOf("entrance", 3)], answered);
    expect(codeOf(message, atFive)).toBe("same");
    const later = { ...CLOCK, systemMs: NOW_MS + 80 * DAY_MS };
    expect(codeOf(message, atFive, later)).toBe("same");
  });

  it("takes the composition in force again when the document was lost", () => {
    const message = messageOf(5, [chosenOf("entrance", 3)], answered);
    expect(codeOf(message, { ...atFive, digest: null })).toBe("accepted");
  });

  it.each<[string, unknown, string]>([
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "DESIRED_INVALID"],
    ["a message that is no JSON", Buffer.from("{"), "DESIRED_INVALID"],
    ["a huge message", Buffer.alloc(MAX_MESSAGE_BYTES + 1, 0x20), "DESIRED_INVALID"],
    ["a newer form of message", { contract: 7 }, "VERSION_UNREADABLE"],
    ["an unknown key beside the documents", { ...messageOf(6, []), extra: 1 }, "DESIRED_INVALID"],
    ["roles that another root signed", messageOf(6, [], { rootKey: other }), "ROLES_UNSIGNED"],
    [
      "a composition in the place of the roles",
      { ...messageOf(6, []), roles: messageOf(6, []).desired },
      "ROLES_UNSIGNED",
    ],
    [
      "roles of a newer version",
      { ...messageOf(6, []), roles: seal("roles", { ...rolesOf(), contract: 3 }, KEYS.root) },
      "VERSION_UNREADABLE",
    ],
    [
      "roles with an unknown key",
      { ...messageOf(6, []), roles: seal("roles", { ...rolesOf(), extra: 1 }, KEYS.root) },
      "ROLES_INVALID",
    ],
    [
      "roles of another fleet",
      messageOf(6, [], { roles: { fleet: "rival" } }),
      "DESIRED_MISDIRECTED",
    ],
    ["a key that no roles certify", messageOf(6, [], { onlineKey: other }), "DESIRED_UNSIGNED"],
    [
      "the release key as composer",
      messageOf(6, [], { onlineKey: KEYS.release }),
      "DESIRED_UNSIGNED",
    ],
    [
      "a document of another device",
      messageOf(6, [], { composition: { device: "yard" } }),
      "DESIRED_MISDIRECTED",
    ],
    [
      "a document of another fleet",
      messageOf(6, [], { composition: { fleet: "rival" } }),
      "DESIRED_MISDIRECTED",
    ],
    [
      "roles that the document was not composed under",
      { ...messageOf(6, []), roles: messageOf(6, [], { roles: { number: 2 } }).roles },
      "DESIRED_INVALID",
    ],
    ["an older generation", messageOf(4, []), "DESIRED_STALE"],
    ["another document of its generation", messageOf(5, []), "DESIRED_CONFLICT"],
    ["a generation far ahead", messageOf(2 ** 30, []), "DESIRED_JUMP"],
    [
      "a part by a key that is no release key",
      messageOf(6, [chosenOf("entrance", 4, { key: other })]),
      "PART_UNSIGNED",
    ],
    [
      "a part that the hub signed itself",
      messageOf(6, [chosenOf("entrance", 4, { key: KEYS.online })]),
      "PART_UNSIGNED",
    ],
    [
      "a part that is missing",
      { ...messageOf(6, [chosenOf("entrance", 4)]), parts: [] },
      "PART_MISSING",
    ],
    [
      "a part that nobody names",
      { ...messageOf(6, []), parts: [chosenOf("entrance", 4).set] },
      "DESIRED_INVALID",
    ],
    [
      "two versions of one pipeline",
      messageOf(6, [chosenOf("entrance", 4), chosenOf("entrance", 5)]),
      "DESIRED_INVALID",
    ],
  ])("refuses %s", (_what, message, code) => {
    expect(codeOf(message, atFive)).toBe(code);
  });

  it.each<[string, number, string, string]>([
    ["older", 2, "PART_STALE", "number 3 or above"],
    ["of the same number and other content", 3, "PART_CONFLICT", "known as number 3"],
    ["far ahead", 3 + 2 ** 21, "PART_JUMP", "not far above 3"],
  ])(
    "leaves a pipeline alone whose part is %s, and runs its neighbour",
    (_what, n, code, words) => {
      const set = n === 3 ? { models: chosenModels("other weights") } : {};
      const message = messageOf(6, [chosenOf("entrance", n, { set }), chosenOf("yard")]);
      const verdict = verdictOf(message, atFive);
      expect(verdict).toMatchObject({ verdict: "accepted", refused: [{ pipeline: "entrance" }] });
      if (verdict.verdict !== "accepted") return;
      expect(verdict.refused[0]?.error).toMatchObject({ code });
      expect(verdict.refused[0]?.error.message).toContain(words);
      expect(verdict.pipelines.map(({ spec }) => spec.name)).toEqual(["yard"]);
      expect(verdict.memory.parts["pipeline/entrance"]).toEqual(atFive.parts["pipeline/entrance"]);
    },
  );

  it.each<[string, Parameters<typeof chosenOf>[2], string]>([
    [
      "for other devices",
      { pipeline: { scope: { to: "devices", devices: ["yard"] } } },
      "PART_OUT_OF_SCOPE",
    ],
    [
      "for other labels",
      { pipeline: { scope: { to: "labels", labels: { site: "bern" } } } },
      "PART_OUT_OF_SCOPE",
    ],
    ["of another fleet", { pipeline: { fleet: "rival" } }, "PART_OUT_OF_SCOPE"],
    [
      "with a set for other devices",
      { set: { scope: { to: "devices", devices: ["yard"] } } },
      "PART_OUT_OF_SCOPE",
    ],
    ["for another board", { pipeline: { board: "tx2" } }, "BOARD_MISMATCH"],
    [
      "of an epoch that the root did not begin",
      { pipeline: { number: { epoch: 1, n: 1 } } },
      "PART_JUMP",
    ],
  ])("leaves a pipeline alone whose part is %s", (_what, change, code) => {
    const verdict = verdictOf(messageOf(6, [chosenOf("hall", 1, change)]), atFive);
    expect(verdict).toMatchObject({
      verdict: "accepted",
      pipelines: [],
      refused: [{ error: { code } }],
    });
  });

  it.each([
    ["the whole fleet", { to: "fleet" as const }],
    ["its label", { to: "labels" as const, labels: { site: "basel" } }],
  ])("runs what was released for %s", (_what, scope) => {
    const message = messageOf(6, [chosenOf("hall", 1, { pipeline: { scope }, set: { scope } })]);
    expect(verdictOf(message, atFive)).toMatchObject({
      refused: [],
      pipelines: [{ spec: { name: "hall" } }],
    });
  });

  it("refuses older roles, others of the same number, and roles far ahead", () => {
    const known = memoryAfter(messageOf(1, [], { roles: { number: 7 } }), atFive);
    expect(codeOf(messageOf(9, [], { roles: { number: 6 } }), known)).toBe("ROLES_STALE");
    const changed = { number: 7, release: [publicPemOf(other)] };
    expect(codeOf(messageOf(9, [], { roles: changed }), known)).toBe("ROLES_CONFLICT");
    expect(codeOf(messageOf(9, [], { roles: { number: 2 ** 30 } }), known)).toBe("ROLES_JUMP");
    expect(codeOf(messageOf(9, [], { roles: { epoch: 2 ** 30 } }), known)).toBe("ROLES_JUMP");
  });

  it("goes on with a hub that lost its count once the root has certified its new key", () => {
    const online = newPrivateKeyPem();
    const roles = { number: 2, online: { ...rolesOf().online, publicKey: publicPemOf(online) } };
    const message = messageOf(1, [chosenOf("entrance", 3)], { roles, onlineKey: online });
    expect(codeOf(message, atFive)).toBe("accepted");
    // The former key is worth nothing from then on.
    expect(codeOf(messageOf(99, []), memoryAfter(message, atFive))).toBe("ROLES_STALE");
  });

  it("begins numbers anew in an epoch that the root began, and then no former ones", () => {
    const number = { epoch: 1, n: 1 };
    const renumbered = chosenOf("entrance", 1, { set: { number }, pipeline: { number } });
    const roles = { epoch: 1, number: 2 };
    const known = memoryAfter(messageOf(1, [renumbered], { roles }), atFive);
    expect(known.parts["pipeline/entrance"]?.number).toEqual(number);
    const back = verdictOf(messageOf(2, [chosenOf("entrance", 9)], { roles }), known);
    expect(back).toMatchObject({ refused: [{ error: { code: "PART_STALE" } }] });
    const late = verdictOf(messageOf(2, [chosenOf("late", 9)], { roles }), known);
    expect(late).toMatchObject({ refused: [{ error: { code: "PART_STALE" } }] });
  });

  it("goes on with a part of a former epoch that it runs", () => {
    const roles = { epoch: 1, number: 2 };
    expect(verdictOf(messageOf(1, [chosenOf("entrance", 3)], { roles }), atFive)).toMatchObject({
      verdict: "accepted",
      refused: [],
    });
  });

  it("remembers so many parts and no more, until an epoch makes room", () => {
    const part = atFive.parts["pipeline/entrance"]!;
    const names = Array.from({ length: MAX_REMEMBERED }, (_, index) => `pipeline/p${index}`);
    const full = { ...atFive, parts: Object.fromEntries(names.map((name) => [name, part])) };
    expect(verdictOf(messageOf(6, [chosenOf("hall")]), full)).toMatchObject({
      refused: [{ error: { code: "PART_MEMORY_FULL" } }],
    });
    const epoch = memoryAfter(messageOf(1, [], { roles: { epoch: 1, number: 2 } }), full);
    expect(Object.keys(epoch.parts)).toEqual([]);
  });

  it("without a memory obeys only who answers what it asks", () => {
    expect(codeOf(messageOf(1, []))).toBe("DESIRED_UNANSWERED");
    expect(codeOf(messageOf(1, [], { composition: { answers: "older" } }))).toBe(
      "DESIRED_UNANSWERED",
    );
    expect(codeOf(messageOf(1, [], answered))).toBe("accepted");
  });
});

describe("the time", () => {
  const message = messageOf(6, []);
  it.each<[string, number, string]>([
    ["now", NOW_MS, "accepted"],
    ["after the document has ended", NOW_MS + 46 * DAY_MS, "DESIRED_EXPIRED"],
    ["after the key has ended", NOW_MS + 91 * DAY_MS, "ONLINE_KEY_EXPIRED"],
    ["at 1970", 0, "accepted"],
    ["at 2099, which nobody believes", Date.UTC(2099, 0), "accepted"],
  ])("%s", (_when, systemMs, expected) => {
    expect(codeOf(message, atFive, { ...CLOCK, systemMs })).toBe(expected);
  });

  it("never goes back behind what signed documents told, whatever the clock says", () => {
    const later = { nowMs: NOW_MS + 60 * DAY_MS };
    const known = memoryAfter(messageOf(6, [], later), atFive);
    expect(known.signedAtMs).toBe(later.nowMs);
    expect(codeOf(messageOf(7, []), known, { ...CLOCK, systemMs: 0 })).toBe("DESIRED_EXPIRED");
  });

  it("is not pushed beyond the end of a key by who holds it", () => {
    const nowMs = NOW_MS + 400 * DAY_MS;
    const desired = {
      contract: 2,
      fleet: "demo",
      device: "door",
      roles: { epoch: 0, number: 1 },
      generation: 6,
      issuedAtMs: nowMs,
      expiresAtMs: nowMs + DAY_MS,
      artifactUrl: "http://hub:1/",
      pipelines: [],
    };
    const forged = { ...message, desired: seal("desired", desired, KEYS.online) };
    expect(codeOf(forged, atFive)).toBe("ONLINE_KEY_EXPIRED");
  });
});

function chosenModels(weights: string) {
  return [
    {
      name: "people",
      digest: `sha256:${Buffer.from(weights.padEnd(32)).toString("hex")}` as const,
      sizeBytes: 7,
      labels: ["person"],
      decoder: "yolox" as const,
    },
  ];
}
