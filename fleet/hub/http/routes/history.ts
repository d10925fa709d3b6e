import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { FleetError } from "../../../errors/index.ts";
import { Name } from "../../../spec/index.ts";
import { FIGURE_STEP_MS, FIGURES_KEPT_MS } from "../../history/figures.ts";
import type { History } from "../../history/history.ts";
import type { EventQuery } from "../../history/history-store.ts";
import type { ChainPage, EventPage, FigurePage } from "../../history-info.ts";
import { principalOf } from "../access.ts";
import { closing } from "../closing.ts";

/** Shorter than what proxies and the hub itself let a connection stand still. */
const MAX_WAIT_S = 25;
const MAX_PAGE = 1000;
const MAX_STEPS = FIGURES_KEPT_MS / FIGURE_STEP_MS;

const whole = z.coerce.number().int().nonnegative();
const EventParameters = z.strictObject({
  device: Name.optional(),
  pipeline: Name.optional(),
  /** Several with commas between. */
  kind: z.string().max(500).optional(),
  since: whole.optional(),
  until: whole.optional(),
  after: whole.optional(),
  before: whole.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  /** Seconds to wait for something newer than `after`. */
  wait: z.coerce.number().min(0).max(MAX_WAIT_S).default(0),
});
type EventParameters = z.infer<typeof EventParameters>;

const FigureParameters = z.strictObject({
  device: Name,
  since: whole.optional(),
  until: whole.optional(),
  /** Milliseconds of one point. */
  step: z.coerce.number().int().min(FIGURE_STEP_MS).default(FIGURE_STEP_MS),
});

const ChainParameters = z.strictObject({ device: Name.optional() });

/**
 *     GET /history/events     newest first, pages by `before`; oldest first behind `after`, which can `wait`;
 *                             filters `device`, `pipeline`, `kind`, `since`, `until` (Unix time in ms)
 *     GET /history/figures    of `device` from `since` to `until`, in steps of `step` ms
 *     GET /history/chains     how far each chain of events arrived, and what was let go; `device`
 *
 * The operator's; a device may ask for its own.
 */
export function historyRoutes(app: FastifyInstance, { history }: { history: History }): void {
  app.addHook("onRequest", (_request, reply, done) => {
    reply.header("cache-control", "no-store");
    done();
  });
  app.get("/history/events", { config: { access: "peers" } }, (request, reply) => {
    const parameters = parametersOf(request, EventParameters);
    return eventPage(history, parameters, closing(reply));
  });
  app.get("/history/figures", { config: { access: "peers" } }, (request) => {
    return figurePage(history, parametersOf(request, FigureParameters));
  });
  app.get("/history/chains", { config: { access: "peers" } }, (request) => {
    return chainPage(history, parametersOf(request, ChainParameters).device);
  });
}

/** A device hears of itself only. */
function parametersOf<Parameters extends { device?: string | undefined }>(
  request: FastifyRequest,
  schema: z.ZodType<Parameters>,
): Parameters {
  const parsed = schema.safeParse(request.query);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") || "the query";
    throw new FleetError("USAGE", `Expected other parameters: ${where}: ${issue?.message}`);
  }
  const who = principalOf(request);
  if (who.kind === "device" && parsed.data.device !== who.name) {
    throw new FleetError("HUB_REFUSED", `Expected ${who.name} to ask for its own history`);
  }
  return parsed.data;
}

async function eventPage(
  history: History,
  parameters: EventParameters,
  closed: AbortSignal,
): Promise<EventPage> {
  const deadline = performance.now() + parameters.wait * 1000;
  for (;;) {
    const page = await readPage(history, parameters);
    const leftMs = deadline - performance.now();
    const isEnough = page.events.length > 0 || parameters.after === undefined;
    if (isEnough || leftMs <= 0 || closed.aborted) return page;
    await history.awaitNewer(page.newestId, leftMs, closed);
  }
}

/** What is kept while the page is read belongs to the next one. */
async function readPage(history: History, parameters: EventParameters): Promise<EventPage> {
  const { newestId } = history;
  const { limit, after, before = Infinity } = parameters;
  const found = await history.store.events({
    ...filterOf(parameters),
    ...(after === undefined ? {} : { after }),
    before: Math.min(before, newestId + 1),
    limit: limit + 1,
  });
  return { events: found.slice(0, limit), newestId, more: found.length > limit };
}

function filterOf({ device, pipeline, kind, since, until }: EventParameters): Partial<EventQuery> {
  return {
    ...(device === undefined ? {} : { device }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(kind === undefined ? {} : { kinds: kind.split(",") }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  };
}

async function figurePage(
  history: History,
  { device, since, until, step }: z.infer<typeof FigureParameters>,
): Promise<FigurePage> {
  const untilMs = until ?? Date.now();
  const sinceMs = since ?? untilMs - FIGURES_KEPT_MS;
  if (untilMs < sinceMs || (untilMs - sinceMs) / step > MAX_STEPS) {
    throw new FleetError("USAGE", `Expected at most ${MAX_STEPS} steps from since to until`);
  }
  const { board, pipelines } = await history.store.figures({
    device,
    sinceMs,
    untilMs,
    stepMs: step,
  });
  const byPipeline: FigurePage["pipelines"] = {};
  for (const { pipeline, point } of pipelines) (byPipeline[pipeline] ??= []).push(point);
  return { device, sinceMs, untilMs, stepMs: step, board, pipelines: byPipeline };
}

async function chainPage(history: History, device: string | undefined): Promise<ChainPage> {
  const wanted = (one: { device: string }): boolean =>
    device === undefined || one.device === device;
  const chains = (await history.store.chains()).filter(wanted);
  return {
    chains: chains.map(({ device, state: { chain, anchor, last, missing, breaks } }) => ({
      device,
      chain,
      anchor,
      last,
      missing: [...missing],
      breaks,
    })),
    devices: (await history.store.kept()).filter(wanted),
  };
}
