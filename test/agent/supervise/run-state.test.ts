import { describe, expect, it } from "vitest";
import {
  errorIn,
  INITIAL_FACTS,
  nextFacts,
  type RunEvent,
  stateOf,
} from "../../../agent/supervise/run-state.ts";
import type { ReportedError } from "../../../fleet/contract/index.ts";

const error: ReportedError = { code: "SOURCE_UNREACHABLE", message: "m", hint: "h", atMs: 1 };
const launched: RunEvent = { type: "launched" };
const started: RunEvent = { type: "started" };
const frames: RunEvent = { type: "frames" };
const source = (state: "connecting" | "playing" | "lost" | "ended", with_ = false): RunEvent => ({
  type: "source",
  state,
  error: with_ ? error : null,
});

function after(...events: RunEvent[]) {
  return events.reduce(nextFacts, INITIAL_FACTS);
}

describe("the state of a pipeline", () => {
  const well = [launched, started, source("playing"), frames];

  it.each([
    ["nothing happened yet", [], "starting"],
    ["the model is loaded", [launched, started], "starting"],
    ["the source plays but no frame came", [launched, started, source("playing")], "starting"],
    ["frames came", well, "running"],
    ["frames came before the runner said that it started", [launched, frames], "starting"],
    ["a connection attempt failed", [launched, started, source("connecting", true)], "failed"],
    ["the source was lost", [...well, source("lost", true)], "failed"],
    ["a late frame arrived after the loss", [...well, source("lost", true), frames], "failed"],
    ["the source plays again", [...well, source("lost", true), source("playing")], "failed"],
    [
      "frames flow again",
      [...well, source("lost", true), source("connecting"), source("playing"), frames],
      "running",
    ],
    ["the file came to its end", [...well, source("ended")], "stopped"],
    ["the runner crashed", [...well, { type: "ended", error } as RunEvent], "failed"],
    [
      "it is launched after a crash",
      [...well, { type: "ended", error } as RunEvent, launched],
      "failed",
    ],
    ["it was stopped", [...well, { type: "stopped" } as RunEvent], "stopped"],
  ])("when %s", (_when, events, expected) => {
    expect(stateOf(after(...events))).toBe(expected);
  });

  const of = (name: string, state: "connecting" | "playing" | "lost" | "ended"): RunEvent => ({
    ...{ type: "source", source: name, state },
    error: state === "lost" ? { ...error, message: `no answer from ${name}` } : null,
  });
  const two = [{ type: "launched", sources: ["door", "gate"] } as RunEvent, started];
  const both = [...two, of("door", "playing"), of("gate", "playing"), frames];

  it.each([
    ["one has said nothing yet", [...two, of("door", "playing"), frames], "running", null],
    ["one of two is lost", [...both, of("gate", "lost")], "running", "source gate: no answer"],
    [
      "frames of the other come after that",
      [...both, of("gate", "lost"), frames],
      "running",
      "source gate: no answer",
    ],
    ["it plays again", [...both, of("gate", "lost"), of("gate", "playing")], "running", null],
    [
      "one is lost before the other plays",
      [...two, of("gate", "lost"), of("door", "playing"), frames],
      "running",
      "source gate: no answer",
    ],
    ["both are lost", [...both, of("gate", "lost"), of("door", "lost")], "failed", "no answer"],
    ["one of two files has ended", [...both, of("gate", "ended")], "running", null],
    ["both have ended", [...both, of("gate", "ended"), of("door", "ended")], "stopped", null],
    [
      "one has ended and one is lost",
      [...both, of("gate", "ended"), of("door", "lost")],
      "failed",
      "no answer",
    ],
  ])("of two sources, when %s", (_when, events, expected, complaint) => {
    const facts = after(...events);
    expect(stateOf(facts)).toBe(expected);
    if (complaint === null) expect(errorIn(facts)).toBeNull();
    else expect(errorIn(facts)?.message).toContain(complaint);
  });

  it("has no picture only when none of its sources has one", () => {
    expect(after(...both, of("gate", "lost")).noPicture).toBe(false);
    expect(after(...both, of("gate", "lost"), of("door", "lost")).noPicture).toBe(true);
  });

  it("forgets an error only when frames flow", () => {
    const lost = after(...well, source("lost", true), source("connecting"), source("playing"));
    expect(lost.error).toEqual(error);
    expect(nextFacts(lost, frames).error).toBeNull();
  });

  it("changes nothing with a frame after a frame", () => {
    const facts = after(...well);
    expect(nextFacts(facts, frames)).toBe(facts);
  });
});
