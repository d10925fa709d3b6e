import { describe, expect, it } from "vitest";
import { CHANNELS, countUnknown, type Reported } from "../../../fleet/contract/index.ts";

const reported: Reported = {
  contract: 2,
  device: "door",
  agentVersion: "0.1.0",
  bootId: "boot",
  atMs: 1,
  generation: 1,
  update: { state: "committed", sinceMs: 1 },
  setDigest: null,
  board: {
    board: "tx2",
    model: "quill",
    jetpack: "4.6.1",
    l4t: null,
    powerMode: null,
    simulated: true,
    machine: "x86_64",
    node: "v16",
  },
  pipelines: [],
  error: null,
};

function unknownIn(sent: object): number {
  return countUnknown(sent, CHANNELS.reported.schema.parse(sent));
}

describe("what a newer agent says", () => {
  it.each<[string, object, number]>([
    ["is understood whole", reported, 0],
    ["has a key more", { ...reported, mood: "good" }, 1],
    ["has a key more inside", { ...reported, board: { ...reported.board, fan: { rpm: 3 } } }, 1],
    ["has a state of its own", { ...reported, update: { state: "dreaming", sinceMs: 1 } }, 1],
    ["says unknown itself", { ...reported, update: { state: "unknown", sinceMs: 1 } }, 0],
  ])("%s", (_what, sent, count) => {
    expect(unknownIn(sent)).toBe(count);
  });
});
