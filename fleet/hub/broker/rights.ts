import { CHANNELS, parseTopic, topic, topicPrefix } from "../../contract/index.ts";
import type { Principal } from "../identity/principal.ts";

/** Why a message may not be published, or null when it may. */
export function publishRefusal(
  who: Principal,
  fleet: string,
  message: { topic: string; retain: boolean },
): string | null {
  const parsed = parseTopic(message.topic);
  if (!message.topic.startsWith(fleetPrefix(fleet))) return "topic is outside the fleet";
  if (message.retain && !(parsed && CHANNELS[parsed.channel].retain)) {
    return "only desired, reported and presence are retained";
  }
  if (who.kind === "operator") return null;
  if (!parsed) return "topic is not of the contract";
  if (parsed.device !== who.name) return "topic belongs to another device";
  if (CHANNELS[parsed.channel].direction !== "from-device") return "channel is the operator's";
  return null;
}

/** A device hears its own `desired` and nothing else; the operator everything of its fleet. */
export function maySubscribe(who: Principal, fleet: string, filter: string): boolean {
  return who.kind === "operator"
    ? filter.startsWith(fleetPrefix(fleet))
    : filter === topic(fleet, who.name, "desired");
}

function fleetPrefix(fleet: string): string {
  return topicPrefix(fleet, "").slice(0, -1);
}
