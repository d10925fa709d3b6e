import type { z } from "zod";
import type { SignedEnvelope } from "../../contract/index.ts";
import { FleetError, isFleetError } from "../../errors/index.ts";
import { sha256Digest } from "../../release/index.ts";
import {
  EnginePruneOrder,
  type NewChoice,
  type NewRoles,
  type Owner,
  PipelineAnswer,
  RolesAnswer,
  SetAnswer,
} from "../deploy-api.ts";
import { expectStatus, type HubAnswer, jsonOf } from "./hub-request.ts";

export type HubCall = (
  method: "GET" | "PUT" | "DELETE",
  path: string,
  doing: string,
  extra?: { body?: string; headers?: Record<string, string> },
) => Promise<HubAnswer>;

/** What the hub answered, and the tag that a change of it must name. */
export interface Tagged<T> {
  answer: T;
  tag: string;
}

/** A race that is lost more often than this is no race. */
const MAX_TRIES = 8;

/** Roles, parts and what is chosen among them, at the hub. */
export class DeployClient {
  readonly #call: HubCall;

  constructor(call: HubCall) {
    this.#call = call;
  }

  async roles(): Promise<Tagged<RolesAnswer>> {
    const doing = "reading the roles";
    return readTagged(await this.#call("GET", "/roles", doing), RolesAnswer, doing);
  }

  async putRoles(news: NewRoles, tag: string): Promise<void> {
    const doing = "certifying the hub's key";
    const extra = { body: JSON.stringify(news), headers: { "if-match": tag } };
    expectStatus(await this.#call("PUT", "/roles", doing, extra), [200], doing);
  }

  async putPart(envelope: SignedEnvelope): Promise<void> {
    const doing = "sending a part";
    const path = `/parts/${sha256Digest(envelope.payload)}`;
    const response = await this.#call("PUT", path, doing, { body: JSON.stringify(envelope) });
    expectStatus(response, [200], doing);
  }

  /** A set that names the model; null when none does. */
  async setOf(model: string): Promise<SignedEnvelope | null> {
    const doing = `asking for a set with ${model}`;
    const response = await this.#call("GET", `/models/${model}/set`, doing);
    expectStatus(response, [200], doing);
    const answer = SetAnswer.safeParse(jsonOf(response));
    if (answer.success) return answer.data.set;
    throw new FleetError("HUB_UNREACHABLE", `Expected a jetfleet hub's answer while ${doing}`);
  }

  async pipeline(device: string, name: string): Promise<Tagged<PipelineAnswer>> {
    const doing = `asking what is chosen as ${name} of ${device}`;
    const response = await this.#call("GET", pathOf(device, name), doing);
    return readTagged(response, PipelineAnswer, doing);
  }

  async choose(device: string, name: string, choice: NewChoice, tag: string): Promise<void> {
    const doing = `choosing ${name} of ${device}`;
    const extra = { body: JSON.stringify(choice), headers: { "if-match": tag } };
    expectStatus(await this.#call("PUT", pathOf(device, name), doing, extra), [200], doing);
  }

  async drop(device: string, name: string, owner: Owner, tag: string): Promise<void> {
    const doing = `taking ${name} off ${device}`;
    const extra = { body: JSON.stringify(owner), headers: { "if-match": tag } };
    const response = await this.#call("DELETE", pathOf(device, name), doing, extra);
    expectStatus(response, [200], doing);
  }

  /** Has a device remove engines; resolves with the number that it reports once it has. Throws AGENT_OUTDATED. */
  async pruneEngines(device: string, keys: readonly string[]): Promise<number> {
    const doing = `having ${device} remove engines`;
    const path = `/devices/${device}/engines/prune`;
    const answer = await this.#call("PUT", path, doing, { body: JSON.stringify({ keys }) });
    expectStatus(answer, [200], doing);
    const order = EnginePruneOrder.safeParse(jsonOf(answer));
    if (order.success) return order.data.number;
    throw new FleetError("HUB_UNREACHABLE", `Expected a jetfleet hub's answer while ${doing}`);
  }
}

/** Reads, decides and writes; again from the reading when somebody else wrote in between. */
export async function withCompareAndSet<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === MAX_TRIES || !isFleetError(error, "HUB_CHANGED_MEANWHILE")) throw error;
    }
  }
}

function pathOf(device: string, name: string): string {
  return `/devices/${device}/pipelines/${name}`;
}

function readTagged<Schema extends z.ZodType>(
  answer: HubAnswer,
  schema: Schema,
  doing: string,
): Tagged<z.infer<Schema>> {
  expectStatus(answer, [200], doing);
  const parsed = schema.safeParse(jsonOf(answer));
  const tag = answer.headers.etag;
  if (parsed.success && tag !== undefined) return { answer: parsed.data, tag };
  throw new FleetError("HUB_UNREACHABLE", `Expected a jetfleet hub's answer while ${doing}`);
}
