import type { FastifyReply } from "fastify";

/** Fires when whoever asked is gone. */
export function closing(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}
