import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  AnalyticsJournal,
  EVENTS_AT_ONCE,
  EVENTS_PER_SECOND,
  MAX_OPEN,
  MAX_WAITING,
} from "../../../agent/report/analytics-journal.ts";
import type { NewEvent } from "../../../agent/report/event-journal.ts";
import { type AnalyticsEvent, AnalyticsEventData } from "../../../fleet/contract/index.ts";

const SIGHT = {
  ptsMs: 40,
  capturedAtMs: null,
  box: [1, 2, 3, 4] as [number, number, number, number],
};
const WHO = {
  ...{ source: "cam", trackId: 7, label: "person", width: 640, height: 480 },
  ...SIGHT,
  best: { score: 0.912, ...SIGHT },
};
const crossed: AnalyticsEvent = {
  ...{ kind: "line-crossed", id: 1, place: "door", direction: "in" },
  ...WHO,
};
const visit = (kind: "zone-entered" | "zone-stayed", id = 1): AnalyticsEvent => {
  return { kind, id, place: "hall", dwellMs: 0, ...WHO };
};
const left = (id = 1): AnalyticsEvent => {
  return { kind: "zone-left", id, place: "hall", dwellMs: 2500, end: "left", ...WHO };
};

let told: NewEvent[];
let nowMs: number;
let waiting: number;
let journal: AnalyticsJournal;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  [told, nowMs, waiting] = [[], 0, 0];
  journal = new AnalyticsJournal({
    onEvent: (event) => told.push(event),
    waiting: () => waiting,
    now: () => nowMs,
  });
});
afterEach(() => {
  journal.stop();
  vi.useRealTimers();
});

const tell = (...events: AnalyticsEvent[]) =>
  journal.tell({ pipeline: "entrance", run: "r1", events });
const count = (kind: string) => told.filter((event) => event.kind === kind).length;

describe("events of lines and zones", () => {
  it("say who, where and how long, and share a name from start to end", () => {
    tell(crossed, visit("zone-entered", 2), visit("zone-stayed", 2), left(2));
    expect(told.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
      "line-crossed: person 7 crossed door in at cam (score 0.91)",
      "zone-entered: person 7 entered hall at cam (score 0.91)",
      "zone-stayed: person 7 has been in hall for 0.0 s at cam (score 0.91)",
      "zone-left: person 7 left hall after 2.5 s at cam (score 0.91)",
    ]);
    const data = told.map((event) => AnalyticsEventData.parse(event.data));
    expect(data.map(({ phase, event }) => [phase, event])).toEqual([
      ["once", "entrance/r1-cam-1"],
      ["start", "entrance/r1-cam-2"],
      ["update", "entrance/r1-cam-2"],
      ["end", "entrance/r1-cam-2"],
    ]);
    expect(data[3]).toMatchObject({ place: "hall", dwellMs: 2500, end: "left" });
  });

  it("are limited in rate, counted beyond it, and that is said once a minute", () => {
    for (let i = 0; i < 1000; i++) tell(crossed);
    expect(count("line-crossed")).toBe(EVENTS_AT_ONCE);
    nowMs += 10_000;
    for (let i = 0; i < 1000; i++) tell(crossed);
    expect(count("line-crossed")).toBe(EVENTS_AT_ONCE + 10 * EVENTS_PER_SECOND);
    const dropped = 2000 - count("line-crossed");
    expect(journal.dropped("entrance")).toBe(dropped);
    expect(count("analytics-dropped")).toBe(0);
    vi.advanceTimersByTime(60_000);
    vi.advanceTimersByTime(600_000);
    expect(told.filter(({ kind }) => kind === "analytics-dropped")).toMatchObject([
      { pipeline: "entrance", data: { dropped } },
    ]);
  });

  it("of visits whose start was told always end, of others never", () => {
    for (let id = 1; id <= 500; id++) tell(visit("zone-entered", id));
    const begun = count("zone-entered");
    expect(begun).toBe(EVENTS_AT_ONCE / 2);
    for (let id = 1; id <= 500; id++) tell(left(id));
    expect(count("zone-left")).toBe(begun);
    expect(journal.dropped("entrance")).toBe(500 - begun);
  });

  it("leave the journal room while the broker is away, but for ends", () => {
    tell(visit("zone-entered"));
    waiting = MAX_WAITING;
    tell(crossed, visit("zone-stayed"), visit("zone-entered", 2), left(1));
    expect(told.map(({ kind }) => kind)).toEqual(["zone-entered", "zone-left"]);
    expect(journal.dropped("entrance")).toBe(3);
  });

  it("of visits that are open are bounded in number", () => {
    for (let id = 1; id <= 2 * MAX_OPEN; id++) {
      nowMs += 1000;
      tell(visit("zone-entered", id));
    }
    expect(count("zone-entered")).toBe(MAX_OPEN);
  });

  it("end with the runner that saw them, and with no other", () => {
    tell(visit("zone-entered", 1), visit("zone-entered", 2), left(2));
    journal.ended("entrance", "r0");
    journal.ended("yard", "r1");
    expect(count("zone-left")).toBe(1);
    journal.ended("entrance", "r1");
    journal.ended("entrance", "r1");
    expect(count("zone-left")).toBe(2);
    expect(told.at(-1)).toMatchObject({
      message: "person 7 was in, when the runner ended, hall after 0.0 s at cam (score 0.91)",
      data: { phase: "end", end: "runner-ended" },
    });
  });
});
