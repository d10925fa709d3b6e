import type { ProviderFunction } from "./function.ts";
import { getDevice } from "./get-device.ts";
import { getFleetStatus } from "./get-fleet-status.ts";
import { planEngine } from "./plan-engine.ts";

export const FUNCTIONS: readonly ProviderFunction[] = [getDevice, getFleetStatus, planEngine];
export type { ProviderFunction } from "./function.ts";
