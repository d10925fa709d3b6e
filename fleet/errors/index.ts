export { ERROR_CODES, type ErrorCode } from "./codes.ts";
export {
  asFleetError,
  describeError,
  FleetError,
  type FleetErrorOptions,
  isFleetError,
  reworded,
} from "./fleet-error.ts";
