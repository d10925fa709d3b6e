/** What a device takes from a hub, and what not: a real server with TLS that answers what it is told, and a stand-in runner. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EngineStore } from "../../../agent/engine/engine-store.ts";
import { HeldClaim } from "../../../agent/engine/share/held-claim.ts";
import { HubEngines } from "../../../agent/engine/share/hub-engines.ts";
import { Refusals } from "../../../agent/engine/share/refusals.ts";
import { Sharing } from "../../../agent/engine/share/sharing.ts";
import type { NewEvent } from "../../../agent/report/event-journal.ts";
import { createLog } from "../../../agent/report/log.ts";
import type { FromRunner } from "../../../agent/supervise/ipc/orders.ts";
import type { RunnerListener } from "../../../agent/supervise/runner-child.ts";
import type { EngineStatement, SelfTestFigures } from "../../../fleet/contract/index.ts";
import { figuresOf } from "../../../fleet/engine/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import { Connector } from "../../../fleet/transfer/connector.ts";
import type { Identity } from "../../../fleet/transfer/identity/identity.ts";
import { IdentityFile } from "../../../fleet/transfer/identity/identity-file.ts";
import { attestEngine } from "../../../fleet/transfer/identity/signed-engine.ts";
import { TrustedClock } from "../../../fleet/transfer/identity/trusted-clock.ts";
import { TestFleet } from "../../hub/test-fleet.ts";
import { modelOf } from "../support/desired.ts";

const FLEET = "demo";
const MODEL = modelOf("people", "a model");
const KEY = `jetfleet engine 1\nmodel ${MODEL.digest}\n`;
const KEY_DIGEST = sha256Digest(KEY);
const ENGINE = Buffer.from("an engine of a model");
const found = (score: number): SelfTestFigures =>
  figuresOf("yolox", [[{ label: "0", score, box: [10, 10, 20, 40] }], []]);
const RIGHT = found(0.8);
const ENDED = { code: 0, signal: null, lastLine: "", overMemoryBytes: null, notStarted: null };

let fleet: TestFleet;
let others: TestFleet;
let server: Server;
let builder: Identity;
let stranger: Identity;
let own: IdentityFile;
beforeAll(async () => {
  fleet = await TestFleet.make(FLEET);
  others = await TestFleet.make(FLEET);
  own = new IdentityFile(await fleet.certify("door"));
  builder = new IdentityFile(await fleet.certify("yard")).current();
  stranger = new IdentityFile(await others.certify("yard")).current();
  server = createServer(fleet.server, (request, response) => {
    const route = `${request.method} ${request.url?.split("/")[3] ?? ""}`;
    asked.push(route);
    request.resume();
    (answers[route] ?? answers["default"])?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  fleet.remove();
  others.remove();
});

type Answer = (response: ServerResponse) => void;
const json =
  (value: unknown, status = 200): Answer =>
  (response) =>
    void response.writeHead(status).end(JSON.stringify(value));
let answers: Record<string, Answer> = {};
let asked: string[] = [];
let events: NewEvent[] = [];
/** What the runner says of the engine and of the model; a code: that its process or library failed. */
let golden: { engine: SelfTestFigures; reference: SelfTestFigures | null } | "crash" | "invalid";
let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "jetfleet-sharing-"));
  golden = { engine: RIGHT, reference: RIGHT };
  asked = [];
  events = [];
  answers = { default: json({}), "GET bytes": (response) => void response.end(ENGINE) };
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const attested = (change: Partial<EngineStatement> = {}, by = builder) =>
  attestEngine(
    {
      ...{ statement: 1, fleet: FLEET, device: "yard", key: KEY, keyDigest: KEY_DIGEST },
      ...{ model: MODEL.digest, accelerator: "cpu", digest: sha256Digest(ENGINE) },
      ...{ sizeBytes: ENGINE.length, selfTest: RIGHT, builtAtMs: 1, seconds: 1 },
      ...{ bootId: "b", agentVersion: "1", backend: "onnxruntime", ...change },
    },
    by,
  );
const offer = (attestation: unknown): Answer => json({ state: "offered", attestation, hints: [] });

function launch(_limits: unknown, listener: RunnerListener) {
  const tell = (message: FromRunner) => listener.onAnswer(message);
  return {
    pid: 1,
    send: () => {
      if (golden === "crash") return listener.onEnd({ ...ENDED, code: null, signal: "SIGSEGV" });
      if (golden === "invalid") {
        return tell({ type: "test-failed", error: { code: "MODEL_INVALID", message: "no graph" } });
      }
      tell({ type: "golden", ...golden });
    },
    limitMemory: () => undefined,
    freeze: () => undefined,
    kill: () => setImmediate(() => listener.onEnd(ENDED)),
  };
}

async function find(signal = new AbortController().signal) {
  const store = new EngineStore(stateDir);
  await store.open();
  const hubUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const libraries = { backendPath: "/backend", runtimePath: "/library", threads: 1 };
  const sharing = new Sharing({
    hub: new HubEngines({
      connector: new Connector(own, new TrustedClock()),
      ...{ hubUrl, answerMs: 1000 },
    }),
    ...{ store, launch, addonPath: "/addon", objectPath: () => "/model", quotaBytes: 1e6 },
    ...{ fleet: FLEET, caPem: () => own.current().caPem, refusals: new Refusals(stateDir) },
    attester: {
      ...{ fleet: FLEET, device: "door", bootId: "b", agentVersion: "1" },
      identity: () => own.usable(),
    },
    ...{ isOn: true, waitMs: 1000, log: createLog({ write: () => {} }) },
    onEvent: (event) => void events.push(event),
  });
  const recipe = {
    form: "cpu" as const,
    key: { text: KEY, digest: KEY_DIGEST },
    reference: libraries,
    build: { ...libraries, accelerator: "cpu", keepsTimings: false },
  };
  const result = await sharing.find({ model: MODEL, form: "cpu", recipe }, () => {}, signal);
  await sharing.stop();
  return { result, store };
}

const told = () => events.map(({ kind, message }) => `${kind}: ${message}`).join("\n");
const disputes = () => asked.filter((route) => route === "POST dispute").length;

describe("an engine that the hub offers", () => {
  it("is fetched, tried and noted under this device's own seal", async () => {
    answers["POST ask"] = offer(attested());
    const { result, store } = await find();
    expect(result).toMatchObject({ origin: "fetched", digest: sha256Digest(ENGINE) });
    expect(await store.verify(KEY_DIGEST)).toMatchObject({ origin: "fetched" });
    expect(told()).toMatch(/^engine-fetched: .* from yard/);
    const next = new EngineStore(stateDir);
    expect(await next.open()).toEqual([]);
    expect(next.noteOf(KEY_DIGEST)).toMatchObject({ selfTest: { figures: RIGHT } });
  });

  const ofTheHub: [string, string, () => void][] = [
    [
      "of another CA",
      "ENGINE_ATTESTATION",
      () => void (answers["POST ask"] = offer(attested({}, stranger))),
    ],
    [
      "of another key",
      "ENGINE_ATTESTATION",
      () =>
        void (answers["POST ask"] = offer(attested({ key: "k", keyDigest: sha256Digest("k") }))),
    ],
    [
      "of another key under this one's digest",
      "ENGINE_ATTESTATION",
      () => void (answers["POST ask"] = offer(attested({ key: "k" }))),
    ],
    [
      "of another model",
      "ENGINE_ATTESTATION",
      () => void (answers["POST ask"] = offer(attested({ model: sha256Digest("m") }))),
    ],
    [
      "above this device's quota",
      "ENGINE_ATTESTATION",
      () => void (answers["POST ask"] = offer(attested({ sizeBytes: 1e6 + 1 }))),
    ],
    [
      "whose text was altered",
      "ENGINE_ATTESTATION",
      () => {
        const { statement, ...rest } = attested();
        answers["POST ask"] = offer({
          ...rest,
          statement: statement.replace('"seconds":1', '"seconds":2'),
        });
      },
    ],
    [
      "whose bytes were altered",
      "ARTIFACT_DIGEST",
      () => {
        answers["POST ask"] = offer(attested());
        answers["GET bytes"] = (response) => void response.end(Buffer.alloc(ENGINE.length, "?"));
      },
    ],
    [
      "that is longer than attested",
      "ARTIFACT_DIGEST",
      () => {
        answers["POST ask"] = offer(attested());
        answers["GET bytes"] = (response) => void response.end(Buffer.alloc(1e6, "x"));
      },
    ],
  ];
  it.each(ofTheHub)(
    "is refused by the hub's fault, not the builder's: %s",
    async (_, code, prepare) => {
      prepare();
      const { result } = await find();
      expect(result).toBeInstanceOf(HeldClaim);
      expect(told()).toContain(`engine-refused: ${code}: the engine of people`);
      expect(disputes()).toBe(0);
      expect(readdirSync(join(stateDir, "engines"))).toEqual([]);
    },
  );

  const ofTheEngine: [string, string, () => void][] = [
    [
      "finds other things than attested",
      "ENGINE_DIFFERS",
      () => void (golden = { engine: found(0.6), reference: null }),
    ],
    [
      "finds what was attested, and its model other things",
      "ENGINE_DIFFERS",
      () => void (golden = { engine: RIGHT, reference: found(0.5) }),
    ],
    ["crashes the runtime", "RUNNER_CRASHED", () => void (golden = "crash")],
    ["cannot be loaded", "MODEL_INVALID", () => void (golden = "invalid")],
  ];
  it.each(ofTheEngine)(
    "is refused, remembered and disputed when it %s",
    async (_, code, prepare) => {
      answers["POST ask"] = offer(attested());
      prepare();
      const { result, store } = await find();
      expect(result).toBeInstanceOf(HeldClaim);
      expect(told()).toContain(`engine-refused: ${code}: the engine of people that yard`);
      // The hub goes on offering it; it is fetched once, and never again.
      expect(disputes()).toBe(1);
      expect(asked.filter((route) => route === "GET bytes")).toHaveLength(1);
      expect(store.noteOf(KEY_DIGEST)).toBeNull();
      expect(existsSync(store.partOf(sha256Digest(ENGINE)).partPath)).toBe(false);
      golden = { engine: RIGHT, reference: RIGHT };
      expect((await find()).result).toBeInstanceOf(HeldClaim);
      expect(asked.filter((route) => route === "GET bytes")).toHaveLength(1);
    },
  );
});

describe("a hub", () => {
  const useless: [string, RegExp, Answer][] = [
    [
      "that answers without end",
      /HUB_UNREACHABLE.*more than 131072 bytes/,
      (response) => void response.end(Buffer.alloc(1e6, " ")),
    ],
    [
      "whose answer breaks off",
      /HUB_UNREACHABLE/,
      (response) => {
        response.writeHead(200, { "content-length": 1000 });
        response.write("{");
        setTimeout(() => response.destroy(), 20);
      },
    ],
    [
      "that drips",
      /HUB_UNREACHABLE.*no answer in time/,
      (response) => {
        response.writeHead(200).write("{");
        const timer = setInterval(() => response.write(" "), 50);
        response.on("close", () => clearInterval(timer));
      },
    ],
    ["that says nothing", /HUB_UNREACHABLE/, () => undefined],
    ["that answers what is no JSON", /HUB_UNREACHABLE/, (response) => void response.end("<html>")],
    ["that answers something else", /HUB_UNREACHABLE/, json({ state: "maybe" })],
    ["with an attestation that is none", /HUB_UNREACHABLE/, offer({ statement: 7 })],
  ];
  it.each(useless)("%s is done without, and it is said", async (_, why, answer) => {
    answers["POST ask"] = answer;
    const startedMs = performance.now();
    expect((await find()).result).toBeInstanceOf(HeldClaim);
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect(told()).toMatch(why);
    expect(told()).toMatch(/^engine-not-shared: This device builds for itself/);
  });

  it("that knows of no sharing is done without in silence", async () => {
    answers["POST ask"] = (response) => void response.writeHead(404).end();
    expect((await find()).result).toBeInstanceOf(HeldClaim);
    expect(events).toEqual([]);
  });

  it("tells what another could not build, which is shown once and believed by nobody", async () => {
    const hints = [{ device: "yard", code: "MODEL_INVALID", message: "a node nobody knows" }];
    const waits = { state: "wait", device: "attic", progress: 0.4, phase: "timing", hints };
    answers["POST ask"] = json(waits);
    expect((await find()).result).toBeInstanceOf(HeldClaim);
    expect(events.filter(({ kind }) => kind === "engine-hint")).toHaveLength(1);
    expect(told()).toMatch(
      /yard could build no engine of people, which is tried here all the same/,
    );
    expect(told()).toMatch(/built here: attic has not built it in 1 s/);
  });

  it("is waited for no longer than the update wants it", async () => {
    answers["POST ask"] = () => undefined;
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    await expect(find(abort.signal)).rejects.toMatchObject({ code: "CANCELLED" });
    expect(events).toEqual([]);
  });
});
