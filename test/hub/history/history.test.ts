import { closeSync, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JournalVerifier } from "../../../fleet/journal/index.ts";
import {
  append,
  CHAIN,
  chainOf,
  declare,
  headOf,
  rangeOf,
  signed,
} from "../../fleet/journal/made.ts";
import { MadeHistory, pipelineOf, statsOf } from "./made-history.ts";

let made: MadeHistory;

beforeEach(async () => {
  made = await MadeHistory.open();
});
afterEach(() => made.remove());

const letters = (count: number): string[] => Array.from({ length: count }, (_, at) => `m${at}`);

async function verify(device: string) {
  const all = await made.history.store.chains();
  const chains = all.filter((chain) => chain.device === device);
  const verifier = new JournalVerifier(
    chains.map(({ state }) => ({ chain: state.chain, anchor: state.anchor })),
  );
  const events = await made.history.store.events({ device, after: 0, limit: 100_000 });
  for (const { source, text } of events) {
    if (source === "device") verifier.add({ chain: CHAIN, seq: 0, text });
  }
  return verifier;
}

describe("events", () => {
  it("are kept once, as their exact text, however often they come", async () => {
    const chain = chainOf(["ä \u2028 \\u0041"]);
    await made.take("door", [...chain, ...chain]);
    const events = await made.history.store.events({ after: 0, limit: 10 });
    expect(events.map(({ text }) => text)).toEqual(chain.map(({ text }) => text));
  });

  it("of two devices may have the same numbers", async () => {
    const chain = chainOf(["a"]);
    await made.take("door", chain);
    await made.take("gate", chain);
    expect(await made.kinds("door")).toHaveLength(2);
    expect(await made.kinds()).toHaveLength(4);
  });

  it("are there in the next life of the hub, and their chain goes on", async () => {
    const chain = chainOf(letters(4));
    await made.take("door", chain.slice(0, 3));
    await made.history.close();
    await made.reopen();
    await made.take("door", chain.slice(2));
    expect((await verify("door")).finish(signed(headOf(chain)))).toMatchObject({
      whole: true,
      events: 5,
      findings: [],
    });
  });

  it("come in pages: the newest first, or behind one, and by device, kind and time", async () => {
    await made.take("door", chainOf(letters(5)));
    await made.take("gate", chainOf(["other"]));
    const { store } = made.history;
    const ids = async (query: Parameters<typeof store.events>[0]) =>
      (await store.events(query)).map(({ id }) => id);
    expect(await ids({ limit: 3 })).toEqual([8, 7, 6]);
    expect(await ids({ before: 6, limit: 2 })).toEqual([5, 4]);
    expect(await ids({ after: 6, limit: 10 })).toEqual([7, 8]);
    expect(await ids({ device: "gate", limit: 10 })).toEqual([8, 7]);
    expect(await ids({ kinds: ["journal-started"], limit: 10 })).toEqual([7, 1]);
    expect(await ids({ sinceMs: made.nowMs + 1, limit: 10 })).toEqual([]);
    expect(await ids({ untilMs: made.nowMs + 1, limit: 1 })).toEqual([8]);
  });

  it("carry the device's time where it can be believed, else that of the arrival", async () => {
    const minuteAgo = made.nowMs - 60_000;
    const at = (seq: number, atMs: number): Buffer =>
      Buffer.from(JSON.stringify({ seq, atMs, kind: "test", message: "", previous: null }));
    await made.history.takeEvent("door", at(1, minuteAgo));
    await made.history.takeEvent("gate", at(1, 5_000));
    await made.history.takeEvent("yard", at(1, made.nowMs + 3600_000));
    const events = await made.history.store.events({ after: 0, limit: 10 });
    expect(events.map(({ timeMs }) => timeMs)).toEqual([minuteAgo, made.nowMs, made.nowMs]);
  });

  it("that are none are counted and told once, and do not stop those behind them", async () => {
    const hostile = ["", "{", '{"seq":0}', `{"message":"${"x".repeat(20_000)}"}`];
    for (const text of hostile) await made.history.takeEvent("door", Buffer.from(text));
    await made.history.takeEvent("door", Buffer.from([0xff, 0xfe]));
    await made.take("door", chainOf(["a"]));
    expect(await made.kinds("door")).toEqual(["event-unreadable", "journal-started", "test"]);
    expect(made.logged.filter((line) => line === "an event cannot be read")).toHaveLength(5);
  });

  it("wake who waits for newer ones", async () => {
    const waiting = made.history.awaitNewer(0, 20_000, new AbortController().signal);
    await made.take("door", chainOf([]));
    await waiting;
    expect(made.history.newestId).toBe(1);
  });
});

describe("a chain that breaks", () => {
  const told = async (): Promise<unknown[]> => {
    const events = await made.history.store.events({ kinds: ["journal-broken"], limit: 10 });
    return events.map(({ text }) => (JSON.parse(text) as { data: { as: string } }).data.as);
  };

  it("is told once for each way, and the event is kept all the same", async () => {
    const chain = chainOf(letters(3));
    const fork = chainOf(["x", "y", "z"]);
    await made.take("door", [...chain, ...fork.slice(1)]);
    expect(await told()).toEqual(["forked"]);
    expect(await made.kinds("door")).toHaveLength(8);
    expect((await made.history.store.chains())[0]?.state.breaks).toEqual({ forked: 3 });
  });

  it("is told when the device has nothing older left and declares no hole", async () => {
    const chain = chainOf(letters(4));
    await made.take("door", [chain[0]!, chain[1]!, chain[4]!]);
    const report = async (head: object): Promise<void> =>
      made.history.takeReported("door", Buffer.from(JSON.stringify({ journal: head })));
    await report(headOf(chain, 1));
    expect(await told()).toEqual([]);
    await report({ ...headOf(chain), dropped: [rangeOf(chain, 3, 4)] });
    expect(await told()).toEqual([]);
    await report(headOf(chain));
    await report(headOf(chain));
    expect(await told()).toEqual(["removed"]);
  });

  it("is not one that says what it dropped", async () => {
    const chain = chainOf(letters(4));
    declare(chain, rangeOf(chain, 3, 4));
    await made.take(
      "door",
      chain.filter(({ seq }) => seq !== 3 && seq !== 4),
    );
    await made.history.takeReported(
      "door",
      Buffer.from(JSON.stringify({ journal: headOf(chain) })),
    );
    expect(await told()).toEqual([]);
    expect((await verify("door")).finish(signed(headOf(chain))).whole).toBe(true);
  });

  it("is not another one, which a device begins that was provisioned anew", async () => {
    await made.take("door", chainOf(["a"]));
    await made.take("door", chainOf(["b"], "00000000000000bb"));
    expect(await told()).toEqual([]);
    expect(await made.history.store.chains()).toHaveLength(2);
  });

  it("is not one that the history meets in its middle, which it says", async () => {
    await made.take("door", chainOf(letters(4)).slice(2));
    expect(await made.kinds("door")).toEqual(["test", "journal-joined", "test", "test"]);
  });
});

describe("the bound of a device", () => {
  it("lets the oldest go, counts them, and keeps the rest verifiable", async () => {
    await made.history.close();
    await made.reopen({ maxEvents: 20 });
    const chain = chainOf(letters(60));
    await made.take("door", chain);
    await made.take("gate", chainOf(["a"]));
    const [kept] = await made.history.store.kept();
    expect(kept).toMatchObject({ device: "door" });
    expect(kept!.events).toBeLessThanOrEqual(20);
    expect(kept!.events + kept!.droppedEvents).toBe(61);
    expect((await verify("door")).finish(signed(headOf(chain)))).toMatchObject({
      whole: true,
      findings: [{ kind: "begins", reason: "bound", seq: kept!.droppedEvents }],
    });
    expect(await made.kinds("gate")).toHaveLength(2);
  });
});

describe("what the hub notes", () => {
  it("tells when a device goes and comes back, and how long it was away", async () => {
    const presence = (online: boolean) => ({ online, bootId: "a", seq: 1, atMs: 1 });
    await made.history.takePresence("door", null, presence(true));
    await made.history.takePresence("door", presence(true), presence(true));
    await made.history.takePresence("door", presence(true), presence(false));
    made.nowMs += 300_000;
    await made.history.takePresence("door", presence(false), presence(true));
    const events = await made.history.store.events({ device: "door", after: 0, limit: 10 });
    expect(events.map(({ text }) => JSON.parse(text) as unknown)).toMatchObject([
      { kind: "device-online" },
      { kind: "device-offline" },
      { kind: "device-online", data: { offlineMs: 300_000 } },
    ]);
  });
});

describe("figures", () => {
  const feed = async (seconds: number, fps: (at: number) => number): Promise<void> => {
    for (let at = 0; at < seconds; at += 1) {
      const stats = statsOf(at, [pipelineOf(fps(at), 20 + at)]);
      made.history.takeStats("door", Buffer.from(JSON.stringify(stats)));
      made.nowMs += 1000;
    }
    await made.history.close();
    await made.reopen();
  };
  const read = (stepMs: number, sinceMs = 0) =>
    made.history.store.figures({ device: "door", sinceMs, untilMs: made.nowMs + 1, stepMs });

  it("are means of ten seconds with the worst one beside them", async () => {
    const begunMs = made.nowMs;
    await feed(25, (at) => (at === 3 ? 0 : 10));
    const { board, pipelines } = await read(10_000);
    expect(board.map(({ samples }) => samples)).toEqual([10, 10, 5]);
    expect(board[0]).toMatchObject({ cpuPercent: 50, gpuPercent: null, hottestCelsius: 49 });
    expect(pipelines[0]).toEqual({
      device: "door",
      pipeline: "entrance",
      point: {
        atMs: begunMs,
        samples: 10,
        fps: 9,
        fpsMin: 0,
        latencyP50Ms: 12.3,
        latencyP95Ms: 29,
        drops: 10,
      },
    });
  });

  it("are joined into longer steps on demand", async () => {
    await feed(120, () => 10);
    const { pipelines } = await read(60_000);
    expect(pipelines.map(({ point }) => [point.samples, point.fps, point.drops])).toEqual([
      [60, 10, 60],
      [60, 10, 60],
    ]);
  });

  it("go after a day", async () => {
    await feed(20, () => 10);
    made.nowMs += 24 * 3600_000 + 20_000;
    await feed(10, () => 5);
    const { board, pipelines } = await read(10_000);
    expect(board).toHaveLength(1);
    expect(pipelines.map(({ point }) => point.fps)).toEqual([5]);
  });

  it("that are none, or of too many pipelines, are left out and said", async () => {
    made.history.takeStats("door", Buffer.from("{"));
    expect(made.logged).toContain("figures left out: not of the contract");
    const many = Array.from({ length: 70 }, (_, at) => ({ ...pipelineOf(1), name: `p${at}` }));
    made.history.takeStats("door", Buffer.from(JSON.stringify(statsOf(1, many))));
    await made.history.close();
    await made.reopen();
    expect(made.logged).toContain("figures left out: too many pipelines");
    expect((await read(10_000)).pipelines).toHaveLength(64);
  });
});

describe("a file that cannot be used", () => {
  const aside = (): string[] => readdirSync(made.folder).filter((name) => /set-aside/.test(name));

  it.each<[string, () => void]>([
    ["is no database", () => writeFileSync(made.file, "not a database at all, but long enough")],
    [
      "is of a newer version",
      () => {
        const db = new DatabaseSync(made.file);
        db.exec("PRAGMA user_version = 99");
        db.close();
      },
    ],
    [
      "is damaged inside",
      () => {
        const file = openSync(made.file, "r+");
        for (let page = 1; page < 12; page += 1)
          writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
        closeSync(file);
      },
    ],
  ])(
    "because it %s is set aside, said, and does not keep the hub from starting",
    async (_, spoil) => {
      await made.take("door", chainOf(letters(100)));
      await made.history.close();
      spoil();
      await made.reopen();
      expect(aside().length).toBeGreaterThan(0);
      expect(made.logged).toContain("history set aside");
      expect(await made.kinds()).toEqual(["history-set-aside"]);
      const chain = chainOf(["later"]);
      append(chain, { kind: "test", message: "more" });
      await made.take("door", chain.slice(1));
      expect(await made.kinds("door")).toEqual(["test", "journal-joined", "test"]);
    },
  );

  it("and becomes so while the hub runs is set aside then", async () => {
    await made.take("door", chainOf(letters(10)));
    const mayDestroy = { open: true, defensive: false };
    const other = new DatabaseSync(made.file, mayDestroy);
    // A schema that names what is no schema is what SQLite itself calls a malformed file.
    other.exec("PRAGMA writable_schema = ON");
    other.exec("UPDATE sqlite_schema SET sql = 'CREATE TABLE events (' WHERE name = 'events'");
    other.exec("PRAGMA schema_version = 1000");
    other.close();
    await made.take("gate", chainOf(letters(50)));
    expect(aside().length).toBeGreaterThan(0);
    expect((await made.kinds("gate")).filter((kind) => kind === "test")).toHaveLength(50);
  });
});
