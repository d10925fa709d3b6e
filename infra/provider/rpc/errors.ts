import { Metadata, status } from "@grpc/grpc-js";
import {
  asFleetError,
  describeError,
  type ErrorCode,
  FleetError,
} from "../../../fleet/errors/index.ts";
import { anyPb, providerPb, statusPb } from "./proto.ts";
import { encodeProperties, type Properties } from "./values.ts";

/** The resource exists but is not as it should be: its state is kept and the next `up` goes on from there. */
export class InitFailed extends Error {
  readonly id: string;
  readonly properties: Properties;
  readonly inputs: Properties;
  readonly reasons: string[];

  constructor(id: string, properties: Properties, inputs: Properties, cause: unknown) {
    super(describeError(cause), { cause });
    this.name = "InitFailed";
    this.id = id;
    this.properties = properties;
    this.inputs = inputs;
    this.reasons = [describeError(cause)];
  }
}

/** A call of the protocol that this provider has no use for. */
export class NotImplemented extends Error {
  constructor(what: string) {
    super(`${what} is not part of jetfleet`);
  }
}

export interface GrpcFailure {
  code: status;
  details: string;
  metadata?: Metadata;
}

// UNKNOWN, INTERNAL and DATA_LOSS make the engine say that the resource's status is unknown, so they are
// left to our own faults.
const STATUS_BY_CODE: Partial<Record<ErrorCode, status>> = {
  INTERNAL: status.INTERNAL,
  CANCELLED: status.CANCELLED,
  SPEC_INVALID: status.INVALID_ARGUMENT,
  SPEC_UNSUPPORTED: status.INVALID_ARGUMENT,
  MODEL_INVALID: status.INVALID_ARGUMENT,
  DEMAND_IMPOSSIBLE: status.INVALID_ARGUMENT,
  SSH_AUTH: status.UNAUTHENTICATED,
  HUB_REFUSED: status.PERMISSION_DENIED,
};

/** Any error as gRPC sends it; `doing` is told with errors that are our own fault. */
export function toGrpcFailure(error: unknown, doing: string): GrpcFailure {
  if (error instanceof InitFailed) return initFailure(error);
  if (error instanceof NotImplemented)
    return { code: status.UNIMPLEMENTED, details: error.message };
  const known = error instanceof FleetError ? error : asFleetError(error, doing);
  const fallback = known.retryable ? status.UNAVAILABLE : status.FAILED_PRECONDITION;
  return { code: STATUS_BY_CODE[known.code] ?? fallback, details: describeError(known) };
}

/** Details of an error travel as a google.rpc.Status in a trailer that grpc-js does not build itself. */
function initFailure(error: InitFailed): GrpcFailure {
  const detail = new providerPb.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(encodeProperties(error.properties));
  detail.setInputs(encodeProperties(error.inputs));
  detail.setReasonsList(error.reasons);
  const packed = new anyPb.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const answer = new statusPb.Status();
  answer.setCode(status.UNKNOWN);
  answer.setMessage(error.message);
  answer.addDetails(packed);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(answer.serializeBinary()));
  return { code: status.UNKNOWN, details: error.message, metadata };
}
