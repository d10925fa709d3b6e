import { parseNvpmodelConf, parseNvpmodelQuery } from "../boards/index.ts";
import { FleetError } from "../errors/index.ts";
import type { Clocks } from "../spec/index.ts";
import {
  FORMER_CLOCKS,
  FORMER_FAN_PROFILE,
  FORMER_POWER_MODE,
  POWER_MODES_FILE,
} from "./layout.ts";
import { CLOCKS_NOW } from "./runtime/clocks-piece.ts";
import { FAN_NOW } from "./runtime/fan-piece.ts";

/** How a board is set to run: power, clocks, fan. Null of what it does not tell. */
export interface ControlFacts {
  /** Name of the nvpmodel mode that the board is in. */
  powerMode: string | null;
  /** Names of the modes that its nvpmodel.conf lists; null when there is none. */
  powerModes: string[] | null;
  /** The mode that it was in before a program asked for another one; null when none did. */
  formerPowerMode: string | null;
  /** Whether clocks stand at the top of the power mode or follow the load. */
  clocks: Clocks | null;
  /** A program asked for them to be at the top, at boots too. */
  clocksHeld: boolean;
  fanProfile: string | null;
  /** Profiles that the board has; none where it has no fan that is controlled by profiles. */
  fanProfiles: string[];
  formerFanProfile: string | null;
}

/** What a program asks for; it says nothing of what is absent. */
export interface Controls {
  powerMode?: string | undefined;
  clocks?: Clocks | undefined;
  fanProfile?: string | undefined;
}

export const CONTROLS = ["powerMode", "clocks", "fanProfile"] as const;

/** A step is an order to the root piece: its verb, and what for. */
export type ControlStep =
  | { step: "power-mode" | "fan-profile"; name: string }
  | { step: "clocks"; name: Clocks }
  | { step: "restore-power-mode" | "restore-clocks" | "restore-fan-profile" };

export function isControlStep({ step }: { step: string }): boolean {
  return /^(restore-)?(power-mode|clocks|fan-profile)$/.test(step);
}

/** Part of a script with `SAY`. */
export const READ_CONTROLS = `
${CLOCKS_NOW}
${FAN_NOW}
nvpmodel_said=$(nvpmodel -q 2>/dev/null || true)
nvpmodel_says() { printf '%s\\n' "$nvpmodel_said"; }
file formerPowerMode ${FORMER_POWER_MODE}
file powerModes ${POWER_MODES_FILE}
say powerMode nvpmodel_says
say clocks clocks_now
say clocksHeld ls ${FORMER_CLOCKS}
say fanProfile fan_now
say fanProfiles fan_profiles
file formerFanProfile ${FORMER_FAN_PROFILE}`;

export function tellControls(answer: (name: string) => string | null): ControlFacts {
  const word = (name: string) => (answer(name) ?? "").trim();
  const conf = answer("powerModes");
  const clocks = word("clocks");
  return {
    powerMode: parseNvpmodelQuery(answer("powerMode") ?? "")?.name ?? null,
    powerModes: conf === null ? null : parseNvpmodelConf(conf).modes.map(({ name }) => name),
    formerPowerMode: answer("formerPowerMode")?.trim() ?? null,
    clocks: clocks === "max" || clocks === "dynamic" ? clocks : null,
    clocksHeld: word("clocksHeld") !== "",
    fanProfile: word("fanProfile") || null,
    fanProfiles: word("fanProfiles")
      .split("\n")
      .filter((one) => one !== ""),
    formerFanProfile: answer("formerFanProfile")?.trim() ?? null,
  };
}

/** In this order, as clocks are of a power mode. */
export function planControls(found: ControlFacts, asked: Controls): ControlStep[] {
  const steps: ControlStep[] = [];
  if (asked.powerMode === undefined) {
    if (found.formerPowerMode !== null) steps.push({ step: "restore-power-mode" });
  } else if (found.powerMode !== asked.powerMode) {
    steps.push({ step: "power-mode", name: asked.powerMode });
  }
  if (asked.clocks === undefined) {
    if (found.clocksHeld) steps.push({ step: "restore-clocks" });
  } else if (found.clocks !== asked.clocks || found.clocksHeld !== (asked.clocks === "max")) {
    steps.push({ step: "clocks", name: asked.clocks });
  }
  if (asked.fanProfile === undefined) {
    if (found.formerFanProfile !== null) steps.push({ step: "restore-fan-profile" });
  } else if (found.fanProfile !== asked.fanProfile) {
    steps.push({ step: "fan-profile", name: asked.fanProfile });
  }
  return steps;
}

/** Throws unless the board lists what is asked for. */
export function requireControls(found: ControlFacts, asked: Controls, address: string): void {
  const { powerMode, clocks, fanProfile } = asked;
  if (powerMode !== undefined && !found.powerModes?.includes(powerMode)) {
    throw new FleetError(
      "BOARD_POWER_MODE",
      found.powerModes === null
        ? `Expected power mode ${powerMode} but the board at ${address} has no ${POWER_MODES_FILE}`
        : `Expected one of ${found.powerModes.join(", ")}, the power modes of the board at ${address}, but got ${powerMode}`,
    );
  }
  if (clocks !== undefined && found.clocks === null) {
    throw new FleetError(
      "BOARD_CLOCKS",
      `Expected clocks to be ${clocks} but jetson_clocks of the board at ${address} does not tell how they are`,
    );
  }
  if (fanProfile !== undefined && !found.fanProfiles.includes(fanProfile)) {
    throw new FleetError(
      "BOARD_FAN",
      found.fanProfiles.length === 0
        ? `Expected fan profile ${fanProfile} but the board at ${address} has none`
        : `Expected one of ${found.fanProfiles.join(", ")}, the fan profiles of the board at ${address}, but got ${fanProfile}`,
    );
  }
}
