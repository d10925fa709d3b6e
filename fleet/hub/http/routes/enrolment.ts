import type { FastifyInstance } from "fastify";
import { Name } from "../../../spec/index.ts";
import type { Enrolments } from "../../enrolment/enrolments.ts";
import { type EnrolmentBegun, MAX_SCRIPT_LENGTH, NewEnrolment } from "../../enrolment-api.ts";
import { parseBody, pathPart } from "../access.ts";

/** A text with its escapes, and the list of objects. */
const MAX_BODY_BYTES = 2 * MAX_SCRIPT_LENGTH + (64 << 10);

export interface EnrolmentParts {
  enrolments: Enrolments;
}

/**
 *     PUT    /devices/<name>/enrolment   the operator's: awaits a board that will be this device
 *     DELETE /devices/<name>/enrolment   the operator's: awaits it no longer
 */
export function enrolmentRoutes(app: FastifyInstance, { enrolments }: EnrolmentParts): void {
  const url = "/devices/:name/enrolment";
  app.put(url, { bodyLimit: MAX_BODY_BYTES }, (request): Promise<EnrolmentBegun> => {
    const device = pathPart(request, "name", Name);
    return enrolments.begin(device, parseBody(NewEnrolment, request.body));
  });
  app.delete(url, async (request) => {
    const device = pathPart(request, "name", Name);
    await enrolments.end(device);
    return { device };
  });
}
