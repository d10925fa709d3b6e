import { describe, expect, it } from "vitest";
import { asOffline, isOvertakenWill } from "../../fleet/hub/broker/presence-order.ts";
import { maySubscribe, publishRefusal } from "../../fleet/hub/broker/rights.ts";
import { alreadyThere, rangeStillFits } from "../../fleet/hub/http/if-same-bytes.ts";
import type { Principal } from "../../fleet/hub/identity/principal.ts";

const operator: Principal = { kind: "operator", name: "operator" };
const door: Principal = { kind: "device", name: "door" };

describe("rights to publish", () => {
  it.each<[string, Principal, string, boolean, string | null]>([
    ["a device its own report", door, "jetfleet/v1/demo/door/reported", true, null],
    ["a device its own stats", door, "jetfleet/v1/demo/door/stats", false, null],
    ["a device its detections", door, "jetfleet/v1/demo/door/detections/entrance", false, null],
    ["a device retained stats", door, "jetfleet/v1/demo/door/stats", true, "retained"],
    ["a device its own desired", door, "jetfleet/v1/demo/door/desired", true, "operator's"],
    ["a device another's report", door, "jetfleet/v1/demo/gate/reported", true, "another device"],
    ["a device in another fleet", door, "jetfleet/v1/other/door/reported", true, "outside"],
    ["a device outside the contract", door, "jetfleet/v1/demo/door/notes", false, "contract"],
    ["a device below its report", door, "jetfleet/v1/demo/door/reported/x", false, "contract"],
    ["a device system topics", door, "$SYS/x", false, "outside"],
    ["the operator a desired", operator, "jetfleet/v1/demo/door/desired", true, null],
    ["the operator a path trick", operator, "jetfleet/v1/demo/../desired", true, "retained"],
    ["the operator another fleet", operator, "jetfleet/v1/demo2/door/desired", true, "outside"],
  ])("%s", (_name, who, topic, retain, refusal) => {
    const answer = publishRefusal(who, "demo", { topic, retain });
    if (refusal === null) expect(answer).toBeNull();
    else expect(answer).toContain(refusal);
  });
});

describe("rights to subscribe", () => {
  it.each<[Principal, string, boolean]>([
    [door, "jetfleet/v1/demo/door/desired", true],
    [door, "jetfleet/v1/demo/+/desired", false],
    [door, "jetfleet/v1/demo/door/#", false],
    [door, "jetfleet/v1/demo/gate/desired", false],
    [door, "#", false],
    [operator, "jetfleet/v1/demo/#", true],
    [operator, "jetfleet/v1/demo/+/detections/+", true],
    [operator, "jetfleet/v1/+/door/desired", false],
    [operator, "#", false],
    [operator, "$SYS/#", false],
  ])("%o on %s: %s", (who, filter, allowed) => {
    expect(maySubscribe(who, "demo", filter)).toBe(allowed);
  });
});

describe("a range or a known tag", () => {
  it("counts only for the same strong tag", () => {
    expect(rangeStillFits(undefined, '"a"')).toBe(true);
    expect(rangeStillFits('"a"', '"a"')).toBe(true);
    expect(rangeStillFits('W/"a"', '"a"')).toBe(false);
    expect(rangeStillFits("Wed, 21 Oct 2015 07:28:00 GMT", '"a"')).toBe(false);
    expect(alreadyThere('"b", W/"a"', '"a"')).toBe(true);
    expect(alreadyThere('"b"', '"a"')).toBe(false);
  });
});

describe("presence", () => {
  const presence = (online: boolean, bootId: string, seq: number): Buffer =>
    Buffer.from(JSON.stringify({ online, bootId, seq, atMs: 1 }));

  it.each<[string, Buffer, Buffer | undefined, boolean]>([
    ["the will of this session", presence(false, "a", 2), presence(true, "a", 2), false],
    ["the will of an older session", presence(false, "a", 1), presence(true, "a", 2), true],
    ["the will of an older boot", presence(false, "a", 9), presence(true, "b", 1), true],
    ["a will after a will", presence(false, "b", 1), presence(false, "a", 9), false],
    ["a will before any birth", presence(false, "a", 1), undefined, false],
    ["a birth after a birth", presence(true, "b", 1), presence(true, "a", 9), false],
    ["bytes that are no presence", Buffer.from("{"), presence(true, "a", 1), false],
  ])("%s", (_name, incoming, retained, overtaken) => {
    expect(isOvertakenWill(incoming, retained)).toBe(overtaken);
  });

  it("is turned to offline only when it says online", () => {
    expect(asOffline(presence(true, "a", 3), 9)).toEqual({
      online: false,
      bootId: "a",
      seq: 3,
      atMs: 9,
    });
    expect(asOffline(presence(false, "a", 3), 9)).toBeNull();
  });
});
