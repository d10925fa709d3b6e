import { describe, expect, test } from "vitest";
import {
  type ControlFacts,
  type Controls,
  planControls,
  requireControls,
  tellControls,
} from "../../../fleet/provision/controls.ts";

const FOUND: ControlFacts = {
  powerMode: "MAXN",
  powerModes: ["MAXN", "MAXQ"],
  formerPowerMode: null,
  clocks: "dynamic",
  clocksHeld: false,
  fanProfile: "quiet",
  fanProfiles: ["cool", "quiet"],
  formerFanProfile: null,
};
const HELD = { clocks: "max", clocksHeld: true } as const;

describe("how a board is set to run", () => {
  test.each<[string, Partial<ControlFacts>, Controls, string[]]>([
    ["nothing of what nobody asks for", {}, {}, []],
    ["nothing when the board is in the mode", {}, { powerMode: "MAXN" }, []],
    ["another mode", {}, { powerMode: "MAXQ" }, ["power-mode MAXQ"]],
    ["the mode that was before", { formerPowerMode: "MAXQ" }, {}, ["restore-power-mode"]],
    ["nothing while the former mode is kept", { formerPowerMode: "X" }, { powerMode: "MAXN" }, []],
    ["clocks at the top", {}, { clocks: "max" }, ["clocks max"]],
    ["nothing while they are held there", HELD, { clocks: "max" }, []],
    [
      "them held, where somebody else took them there",
      { clocks: "max" },
      { clocks: "max" },
      ["clocks max"],
    ],
    [
      "them there again, where somebody let them go",
      { clocksHeld: true },
      { clocks: "max" },
      ["clocks max"],
    ],
    ["dynamic clocks", HELD, { clocks: "dynamic" }, ["clocks dynamic"]],
    [
      "dynamic clocks that would be held at the next boot",
      { clocksHeld: true },
      { clocks: "dynamic" },
      ["clocks dynamic"],
    ],
    ["nothing of clocks that are dynamic", {}, { clocks: "dynamic" }, []],
    ["clocks as they were", HELD, {}, ["restore-clocks"]],
    ["another fan profile", {}, { fanProfile: "cool" }, ["fan-profile cool"]],
    ["the fan profile that was before", { formerFanProfile: "cool" }, {}, ["restore-fan-profile"]],
    [
      "clocks after the mode that they are of",
      {},
      { fanProfile: "cool", clocks: "max", powerMode: "MAXQ" },
      ["power-mode MAXQ", "clocks max", "fan-profile cool"],
    ],
  ])("is planned: %s", (_what, found, asked, expected) => {
    const steps = planControls({ ...FOUND, ...found }, asked);
    expect(steps.map((one) => ("name" in one ? `${one.step} ${one.name}` : one.step))).toEqual(
      expected,
    );
  });

  test.each<[string, Partial<ControlFacts>, Controls, string, RegExp]>([
    [
      "a mode that is not listed",
      {},
      { powerMode: "MAX" },
      "BOARD_POWER_MODE",
      /one of MAXN, MAXQ.* got MAX/,
    ],
    [
      "a mode where there are none",
      { powerModes: null },
      { powerMode: "MAXN" },
      "BOARD_POWER_MODE",
      /has no/,
    ],
    [
      "clocks that nobody tells of",
      { clocks: null },
      { clocks: "dynamic" },
      "BOARD_CLOCKS",
      /does not tell/,
    ],
    [
      "a fan profile that is not listed",
      {},
      { fanProfile: "loud" },
      "BOARD_FAN",
      /one of cool, quiet.* got loud/,
    ],
    [
      "a fan profile where there are none",
      { fanProfiles: [] },
      { fanProfile: "cool" },
      "BOARD_FAN",
      /has none/,
    ],
  ])("is refused: %s", (_what, found, asked, code, message) => {
    const refused = () => requireControls({ ...FOUND, ...found }, asked, "a:22");
    expect(refused).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    );
    expect(() => requireControls({ ...FOUND, ...found }, {}, "a:22")).not.toThrow();
  });

  test.each([
    ["NVPM WARN: fan mode is not set!\nNV Power Mode: MAXP_CORE_ARM\n3\n", "MAXP_CORE_ARM"],
    ["NV Fan Mode:quiet\nNV Power Mode: MODE_30W_ALL\n3\n", "MODE_30W_ALL"],
    ["", null],
  ])("is told of %j: power mode %s", (said, powerMode) => {
    expect(tellControls((name) => (name === "powerMode" ? said : null)).powerMode).toBe(powerMode);
  });

  test.each([
    [
      null,
      { clocks: null, clocksHeld: false, fanProfile: null, fanProfiles: [], powerModes: null },
    ],
    ["", { clocks: null, clocksHeld: false, fanProfile: null, fanProfiles: [], powerModes: [] }],
    ["max\n", { clocks: "max", clocksHeld: true, fanProfile: "max", fanProfiles: ["max"] }],
    ["maximum", { clocks: null }],
  ])("is told of %j alike for all", (said, expected) => {
    expect(tellControls(() => said)).toMatchObject(expected);
  });
});
