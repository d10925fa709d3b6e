import { z } from "zod";
import type { CheckFailure } from "../../check.ts";
import { ownerOf } from "../../release/publish.ts";
import { type Properties, reveal } from "../../rpc/values.ts";

/** Which resource has declared something, by program and what, of those checked since the engine began. */
const declaredBy = new Map<string, string>();

/** For an engine that begins anew with a provider that has served one already. */
export function forgetDeclared(): void {
  declaredBy.clear();
}

/** What two resources of one program may not both have: a device's name, and the way to its board. */
export function declaredTwice(urn: string, inputs: Properties): CheckFailure[] {
  for (const [key, by] of declaredBy) if (by === urn) declaredBy.delete(key);
  const { name } = inputs;
  const failures: CheckFailure[] = [];
  const named = typeof name === "string" ? declaredBefore(urn, `name ${name}`) : null;
  if (named !== null) {
    const reason = `expected a name of one device alone, but this one is declared by ${named}, too`;
    failures.push({ property: "name", reason });
  }
  const way = wayTo(inputs);
  const reached = way === null ? null : declaredBefore(urn, `board ${way}`);
  if (reached !== null) {
    const reason = `expected a board of one device alone, but this is the address and port of ${reached}, too`;
    failures.push({ property: "address", reason });
  }
  return failures;
}

/** The other resource of the same program; null where there is none, and `urn` is the one from now on. */
function declaredBefore(urn: string, what: string): string | null {
  const key = `${ownerOf(urn).program} ${what}`;
  const other = declaredBy.get(key);
  if (other === undefined) declaredBy.set(key, urn);
  return other ?? null;
}

const Host = z.object({ address: z.string().toLowerCase(), port: z.number().default(22) });
const Way = Host.extend({
  ssh: z.object({ config: z.string().optional(), jumpHosts: z.array(Host).optional() }).optional(),
});

/** One address may be of as many boards as there are hosts to jump from. Null where it is not known yet. */
export function wayTo(inputs: Properties): string | null {
  const way = Way.safeParse(reveal(inputs)).data;
  return way === undefined ? null : JSON.stringify(way);
}
