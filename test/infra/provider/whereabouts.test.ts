import { describe, expect, test } from "vitest";
import { FleetError } from "../../../fleet/errors/index.ts";
import {
  describeWhereabouts,
  type Whereabouts,
} from "../../../infra/provider/resources/device/whereabouts.ts";

const NOW = Date.parse("2026-11-28T08:30:00Z");
const MINUTE = 60_000;
const SILENT: Whereabouts = {
  ...{ isHeard: false, online: false },
  ...{ lastHeardMs: null, agentStartedMs: null },
};

describe("what is told of a device that SSH does not reach any more", () => {
  test.each<[string, Partial<Whereabouts>, RegExp, RegExp]>([
    [
      "runs, so that it is its SSH that is to be looked at",
      { isHeard: true, online: true, agentStartedMs: NOW - 30_000 },
      /^It runs: .* Its agent started last 30 s ago, at 2026-11-28 08:29:30 UTC\. Look at its SSH server/,
      /reboot|power|cable/,
    ],
    [
      "was heard of a moment ago",
      { lastHeardMs: NOW - 20_000 },
      /^The hub heard from it last 20 s ago, at 2026-11-28 08:29:40 UTC\. It may be rebooting/,
      /cable/,
    ],
    [
      "is not missed by its hub yet",
      { online: true, lastHeardMs: NOW - 20 * MINUTE },
      /last 20 min ago, .* It may be rebooting/,
      /cable/,
    ],
    [
      "is away for long",
      { lastHeardMs: NOW - 50 * 60 * MINUTE },
      /last 2 d ago, .* look at its power, cable and address/,
      /rebooting/,
    ],
    [
      "was never heard of",
      { online: null },
      /^The hub's history has no word of it\. .*power, cable and address/,
      /rebooting/,
    ],
  ])("it %s", (_what, known, says, saysNot) => {
    const text = describeWhereabouts({ ...SILENT, ...known }, NOW);
    expect(text).toMatch(says);
    expect(text).not.toMatch(saysNot);
  });

  test("is that this machine may be the one without a network, where the hub is away as well", () => {
    const away = new FleetError("HUB_UNREACHABLE", "no hub");
    expect(describeWhereabouts(away, NOW)).toMatch(
      /does not answer either \(HUB_UNREACHABLE\): look at this machine's network first/,
    );
    expect(describeWhereabouts(null, NOW)).toMatch(/does not answer either: look/);
  });
});
