import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { CHANNELS, type ChannelName, topic } from "../../../contract/index.ts";
import { Name } from "../../../spec/index.ts";
import { pathPart } from "../access.ts";
import type { HttpParts } from "../parts.ts";
import { sendProblem } from "../problem.ts";

const Channel = z.enum(Object.keys(CHANNELS) as [ChannelName, ...ChannelName[]]);

/** `GET /retained/<device>/<channel>`: what is retained right now, 404 when nothing is. */
export function retainedRoutes(
  app: FastifyInstance,
  parts: Pick<HttpParts, "fleet" | "retained">,
): void {
  app.get("/retained/:device/:channel", (request, reply) => {
    const device = pathPart(request, "device", Name);
    const name = topic(parts.fleet, device, pathPart(request, "channel", Channel));
    const payload = parts.retained.get(name);
    if (!payload) {
      return sendProblem(reply, 404, "ARTIFACT_MISSING", `Nothing is retained on ${name}`);
    }
    return reply.type("application/octet-stream").header("cache-control", "no-store").send(payload);
  });
}
