import { describe, expect, it } from "vitest";
import { Allowance, Allowances } from "../../fleet/hub/broker/allowance.ts";
import { type Surplus, SurplusCount, surplusText } from "../../fleet/hub/broker/surplus.ts";

const RATES = {
  messages: { perSecond: 10, most: 20 },
  bytes: { perSecond: 1000, most: 5000 },
};
const GATE = { kind: "device", name: "gate" } as const;

/** Messages of `bytes` that are taken at `nowMs`, of 1000. */
function taken(allowance: Allowance, bytes: number, nowMs: number): number {
  let count = 0;
  for (let at = 0; at < 1000; at += 1) if (allowance.takes(bytes, nowMs)) count += 1;
  return count;
}

describe("what a peer may publish", () => {
  it("is bounded by messages and by bytes, at once and by the second", () => {
    const allowance = new Allowance(RATES, 0);
    expect(taken(allowance, 1, 0)).toBe(20);
    expect(taken(allowance, 1, 500)).toBe(5);
    expect(taken(allowance, 1000, 60_000)).toBe(5);
    expect(taken(allowance, 1000, 62_000)).toBe(2);
  });

  it("makes what may not be lost wait until its debt is paid, and takes nothing else meanwhile", () => {
    const allowance = new Allowance(RATES, 0);
    expect(allowance.borrowMs(5000, 0)).toBe(0);
    expect(allowance.borrowMs(2000, 0)).toBe(2000);
    expect(allowance.borrowMs(1000, 0)).toBe(3000);
    expect(allowance.debtMs(1000)).toBe(2000);
    expect(allowance.takes(1, 2900)).toBe(false);
    expect(allowance.takes(1, 3100)).toBe(true);
  });

  it("is no more after it came again", () => {
    const allowances = new Allowances();
    const all = 8 << 20;
    expect(allowances.of(GATE, 0).published.takes(all, 0)).toBe(true);
    expect(allowances.of({ ...GATE }, 0).published.takes(all, 0)).toBe(false);
    expect(allowances.of({ ...GATE, name: "porch" }, 0).published.takes(all, 0)).toBe(true);
  });
});

describe("what was left out", () => {
  it("is told at once and then once a minute, with nothing forgotten at the end", () => {
    let nowMs = 0;
    const told: Surplus[] = [];
    const count = new SurplusCount(
      (surplus) => told.push(surplus),
      () => nowMs,
    );
    const drop = (): void => count.dropped(GATE, "published", 100);
    drop();
    drop();
    count.look();
    drop();
    nowMs = 59_000;
    count.look();
    expect(told.map(({ messages }) => messages)).toEqual([2]);
    nowMs = 60_000;
    count.look();
    nowMs = 200_000;
    count.look();
    count.waited(GATE, 70);
    count.dropped(GATE, "unread", 100);
    count.close();
    expect(told).toEqual([
      { who: GATE, cause: "published", messages: 2, bytes: 200, waitedMs: 0 },
      { who: GATE, cause: "published", messages: 1, bytes: 100, waitedMs: 0 },
      { who: GATE, cause: "published", messages: 0, bytes: 0, waitedMs: 70 },
      { who: GATE, cause: "unread", messages: 1, bytes: 100, waitedMs: 0 },
    ]);
  });

  it.each([
    ["published", /^device gate publishes more than .* 3 messages \(99 bytes\) left out, .* 7 ms$/],
    ["unread", /^Sessions of device gate do not read .* 3 messages \(99 bytes\) left out$/],
    ["sent", /^More is to be sent to device gate than .* 3 messages \(99 bytes\) left out$/],
  ] as const)("says who, why and how much: %s", (cause, text) => {
    expect(surplusText({ who: GATE, cause, messages: 3, bytes: 99, waitedMs: 7.2 })).toMatch(text);
  });
});
