import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accept } from "../../../agent/update/accept.ts";
import { type DeviceState, emptyState } from "../../../agent/update/device-state.ts";
import type { Target, Update, Working } from "../../../agent/update/machine.ts";
import { NEW_PIPELINE, type PipelineRecord } from "../../../agent/update/pipeline-record.ts";
import type { Accepted } from "../../../fleet/deploy/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import { targetOn } from "../support/targets.ts";

const error = { code: "MODEL_INVALID", message: "m", hint: "h", atMs: 1 };
const memory = emptyState("n").memory;

function document(wanted: Target[], generation = 9, refused: Accepted["refused"] = []) {
  const pipelines = wanted.map(({ part, set, version }) => ({ ...version, part, set }));
  const desired = { generation, artifactUrl: "http://hub" } as Accepted["desired"];
  return { desired, memory: { ...memory, generation }, pipelines, refused };
}

function stateOf(...records: [string, PipelineRecord][]): DeviceState {
  return { ...emptyState("n"), pipelines: Object.fromEntries(records) };
}

const at = (state: Working["state"], target: Target): Update => ({
  ...{ state, target, resumes: 2, sinceMs: 1 },
});

function committed(target: Target): PipelineRecord {
  const { version, ...names } = target;
  const update: Update = { state: "committed", ...names, sinceMs: 1 };
  return { ...NEW_PIPELINE, active: version, update };
}

function after(record: PipelineRecord | null, wanted: Target): PipelineRecord {
  const state = record ? stateOf(["entrance", record]) : stateOf();
  return accept(state, document([wanted]), 7).pipelines["entrance"]!;
}

const t1 = targetOn("one", 1);
const t2 = targetOn("two", 2);
/** The same version under another part, as when it is signed anew or only its budget changed. */
const again = (target: Target): Target => ({
  ...target,
  part: targetOn("again", 5).part,
  generation: 9,
});

it("an order to remove engines is taken once, however often a document repeats it", () => {
  const ordering = (number: number | null) => {
    const accepted = document([]);
    const prune = number === null ? {} : { prune: { number, keys: ["sha256:a"] } };
    return { ...accepted, desired: { ...accepted.desired, ...prune } };
  };
  const first = accept(stateOf(), ordering(1), 7);
  expect(first.prune).toEqual({ number: 1, keys: ["sha256:a"], done: null });
  const done = { ...{ number: 1, atMs: 1, removed: 1, removedBytes: 1, inUse: 0, absent: 0 } };
  const followed = { ...first, prune: { ...first.prune!, done } };
  for (const number of [1, null]) {
    expect(accept(followed, ordering(number), 8).prune).toEqual(followed.prune);
  }
  expect(accept(followed, ordering(2), 8).prune).toMatchObject({ number: 2, done: null });
});

describe("an accepted document", () => {
  it("is remembered together with what it asks for", () => {
    const state = accept(stateOf(), document([t1]), 7);
    expect(state).toMatchObject({
      memory: { generation: 9 },
      artifactUrl: "http://hub",
      pipelines: { entrance: { update: { state: "fetching", target: { generation: 9 } } } },
    });
  });

  it("leaves alone whatever it does not change", () => {
    for (const update of [at("fetching", t2), at("testing", t2), at("watching", t2)]) {
      const record = { ...committed(t1), update };
      expect(after(record, t2)).toEqual(record);
    }
    expect(after(committed(t1), t1)).toEqual(committed(t1));
    const undone = {
      ...committed(t1),
      update: { state: "rolled-back" as const, target: t2, error, sinceMs: 1 },
    };
    expect(after(undone, t2)).toEqual(undone);
  });

  it("lets work go on whose version is only signed anew", () => {
    const record = { ...committed(t1), update: at("fetching", t2) };
    const next = after(record, again(t2));
    expect(next.update).toMatchObject({ state: "fetching", resumes: 2, sinceMs: 1 });
    expect(next.update).toMatchObject({ target: { part: again(t2).part } });
  });

  it("commits at once what changes nothing that the device acts on", () => {
    const next = after(committed(t1), again(t1));
    expect(next.update).toMatchObject({ state: "committed", part: again(t1).part, generation: 9 });
    expect(next.active).toEqual(t1.version);
  });

  it("has a changed budget count at once, whatever the update is doing", () => {
    const { version } = t1;
    const budgeted = { ...version, spec: { ...version.spec, budget: { minFps: 5 } } };
    const other = { ...again(t1), version: budgeted };
    expect(after(committed(t1), other).active).toEqual(budgeted);
    const trial = { former: t2.version, formerFps: 15 };
    const onTrial = { ...committed(t2), active: version, trial, update: at("watching", t1) };
    expect(after(onTrial, other).active).toEqual(budgeted);
    const before = { ...committed(t2), update: at("fetching", t1) };
    expect(after(before, other).active, "of a version that is not at work yet").toEqual(t2.version);
  });

  it("takes over what a former agent left at work", () => {
    const next = after({ ...NEW_PIPELINE, active: t1.version }, t1);
    expect(next.update).toMatchObject({ state: "committed", part: t1.part });
  });

  it("tries again what was undone, once it is signed anew", () => {
    const undone = {
      ...committed(t1),
      update: { state: "rolled-back" as const, target: t2, error, sinceMs: 1 },
    };
    expect(after(undone, again(t2)).update).toMatchObject({ state: "fetching" });
    expect(after(undone, again(t1)).update).toMatchObject({ state: "committed" });
  });

  it("waits for the outcome of what is on trial, and only the newest does", () => {
    const trial = { former: t1.version, formerFps: 15 };
    const record = { ...committed(t1), active: t2.version, trial, update: at("watching", t2) };
    const t3 = targetOn("three", 3);
    const waiting = after(record, t3);
    expect(waiting).toEqual({ ...record, next: { ...t3, generation: 9 } });
    expect(after(waiting, again(t1)).next).toMatchObject({ part: again(t1).part });
    expect(after(waiting, t3)).toEqual(waiting);
    expect(after(waiting, t2)).toEqual(record);
  });

  it("leaves a pipeline as it is whose part is refused, and says why", () => {
    const refusal = {
      pipeline: "entrance",
      part: t2.part,
      error: new FleetError("PART_STALE", "old"),
    };
    const state = stateOf(["entrance", committed(t1)]);
    const next = accept(state, document([], 9, [refusal]), 7);
    expect(next.pipelines["entrance"]).toMatchObject({
      ...{ active: t1.version, update: { state: "committed" } },
      refusal: { part: t2.part, error: { code: "PART_STALE" }, sinceMs: 7 },
    });
    const cured = accept(next, document([t1], 10), 8);
    expect(cured.pipelines["entrance"]).toEqual(committed(t1));
  });

  it("takes away what it does not name", () => {
    const state = stateOf(["entrance", committed(t1)]);
    expect(accept(state, document([]), 7)).toMatchObject({
      ...{ pipelines: {}, removedIn: 9 },
    });
  });

  it("disturbs exactly the pipelines of which something else is wanted, whatever the others do", () => {
    const names = ["a", "b", "c"];
    const update = fc.constantFrom("committed", "fetching", "testing", "watching", "rolled-back");
    fc.assert(
      fc.property(
        fc.array(update, { minLength: 3, maxLength: 3 }),
        fc.constantFrom(...names),
        (states, changed) => {
          const targets = new Map(names.map((name) => [name, targetOn("one", 1, name)]));
          const records = names.map((name, index): [string, PipelineRecord] => {
            const target = targets.get(name)!;
            const state = states[index]!;
            if (state === "committed") return [name, committed(target)];
            if (state === "rolled-back") {
              return [name, { ...NEW_PIPELINE, update: { state, target, error, sinceMs: 1 } }];
            }
            return [name, { ...NEW_PIPELINE, update: at(state as Working["state"], target) }];
          });
          const before = stateOf(...records);
          const wanted = names.map((name) =>
            name === changed ? targetOn("two", 2, name) : targets.get(name)!,
          );
          const next = accept(before, document(wanted), 7);
          for (const name of names) {
            if (name === changed) expect(next.pipelines[name]).not.toEqual(before.pipelines[name]);
            else expect(next.pipelines[name]).toEqual(before.pipelines[name]);
          }
        },
      ),
    );
  });
});
