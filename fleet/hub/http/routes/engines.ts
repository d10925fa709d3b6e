import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import {
  EngineAsk,
  EngineAttestation,
  EngineDispute,
  EngineEnd,
  type EngineOffered,
  EngineProgress,
  MAX_ENGINE_BYTES,
} from "../../../contract/index.ts";
import { FleetError } from "../../../errors/index.ts";
import { Digest } from "../../../spec/index.ts";
import type { SharedEngines } from "../../engines/shared-engines.ts";
import { parseBody, pathPart, principalOf } from "../access.ts";
import { closing } from "../closing.ts";
import { sendProblem } from "../problem.ts";
import { bodyOf, sendObject } from "../send-object.ts";

export interface EngineParts {
  engines: SharedEngines;
}

/** An attestation holds a key's text, and the figures of a self-test. */
const MAX_OFFER_BYTES = 96 << 10;
const From = z.strictObject({ from: z.coerce.number().int().min(0).max(MAX_ENGINE_BYTES) });
const config = { access: "peers" } as const;

/**
 *     POST /engines/<key>/ask              is there one, or is the asker to build it, or who is? Answers `wait` late
 *     POST /engines/<key>/progress         of the one who builds
 *     POST /engines/<key>/end              of the one who builds no more
 *     POST /engines/<key>/dispute          what is offered is not what was attested
 *     PUT  /engines/<key>/offer            an attestation; answered with where its bytes are to go on
 *     PUT  /engines/<key>/bytes/<digest>   of an engine that was offered, `?from=` so many bytes on
 *     GET  /engines/<key>/bytes/<digest>   with Range
 *
 * Devices' alone, and only for models that they are to run.
 */
export function engineRoutes(app: FastifyInstance, { engines }: EngineParts): void {
  app.post("/engines/:key/ask", { config }, (request, reply) => {
    const { key, device } = asked(request);
    return engines.ask(key, device, parseBody(EngineAsk, request.body), closing(reply));
  });
  app.post("/engines/:key/progress", { config }, (request) => {
    const { key, device } = asked(request);
    return engines.progress(key, device, parseBody(EngineProgress, request.body));
  });
  app.post("/engines/:key/end", { config }, (request) => {
    const { key, device } = asked(request);
    engines.end(key, device, parseBody(EngineEnd, request.body));
    return {};
  });
  app.post("/engines/:key/dispute", { config }, async (request) => {
    const { key, device } = asked(request);
    await engines.dispute(key, device, parseBody(EngineDispute, request.body));
    return {};
  });
  app.put("/engines/:key/offer", { config, bodyLimit: MAX_OFFER_BYTES }, (request) => {
    const { key, device } = asked(request);
    return engines.offer(key, device, parseBody(EngineAttestation, request.body));
  });
}

/** In a scope of its own: its bodies are bytes. */
export function engineByteRoutes(app: FastifyInstance, { engines }: EngineParts): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.put(
    "/engines/:key/bytes/:digest",
    { config, bodyLimit: MAX_ENGINE_BYTES },
    async (request): Promise<EngineOffered> => {
      const { key, device } = asked(request);
      const digest = pathPart(request, "digest", Digest);
      const { from } = parseBody(From, request.query);
      return engines.receive(key, device, digest, from, bodyOf(request));
    },
  );
  app.get("/engines/:key/bytes/:digest", { config }, async (request, reply) => {
    const { key, device } = asked(request);
    const digest = pathPart(request, "digest", Digest);
    const statement = await engines.fetchable(key, device, digest);
    if (statement === null) {
      return sendProblem(reply, 404, "ARTIFACT_MISSING", `Nobody offers engine ${digest} any more`);
    }
    return sendObject(engines.shelf.bytes, digest, statement.sizeBytes, request, reply);
  });
}

function asked(request: FastifyRequest): { key: string; device: string } {
  const who = principalOf(request);
  if (who.kind === "device") return { key: pathPart(request, "key", Digest), device: who.name };
  throw new FleetError("HUB_REFUSED", "Engines are shared among devices; `jetfleet engines` lists");
}
