export { ERROR_CODES, type ErrorCode } from "./codes.ts";
export {
  asFleetError,
  describeError,
  FleetError,
  type FleetErrorOptions,
  isFleetError,
} from "./fleet-error.ts";
