import { Name } from "../../spec/index.ts";

/** Whom a certificate was made for. Rights follow from this and from nothing else. */
export type PeerName =
  | { kind: "hub"; fleet: string }
  | { kind: "operator" | "device"; fleet: string; name: string };

/** When a certificate is meant to be used; of a hub's see `client-tls.ts`. */
export interface Term {
  fromMs: number;
  untilMs: number;
}

const FOLDERS = { operator: "operators", device: "devices" } as const;

/** The one URI among the certificate's alternative names: `jetfleet://demo/devices/door`. */
export function peerUri(peer: PeerName): string {
  const path = peer.kind === "hub" ? "hub" : `${FOLDERS[peer.kind]}/${peer.name}`;
  return `jetfleet://${peer.fleet}/${path}`;
}

/** A hub's URI tells its term too, in seconds since 1970. */
export function hubUri(fleet: string, { fromMs, untilMs }: Term): string {
  const seconds = [fromMs, untilMs].map((ms) => Math.floor(ms / 1000));
  return `${peerUri({ kind: "hub", fleet })}?from=${seconds[0]}&until=${seconds[1]}`;
}

/** `altNames` as Node prints them ("URI:jetfleet://…, DNS:…"); null when they name no peer of a fleet, or two. */
export function parsePeerNames(altNames: string): { peer: PeerName; term: Term | null } | null {
  const uris = altNames.split(", ").filter((name) => name.startsWith("URI:"));
  const [, fleet = "", path = "", from, until] =
    /^URI:jetfleet:\/\/([^/?]+)\/([^?]+)(?:\?from=(\d{1,12})&until=(\d{1,12}))?$/.exec(
      uris.length === 1 ? (uris[0] ?? "") : "",
    ) ?? [];
  const peer = parsePath(fleet, path);
  if (!peer || (from !== undefined) !== (peer.kind === "hub")) return null;
  const term =
    from === undefined ? null : { fromMs: Number(from) * 1000, untilMs: Number(until) * 1000 };
  return { peer, term };
}

function parsePath(fleet: string, path: string): PeerName | null {
  if (!Name.safeParse(fleet).success) return null;
  if (path === "hub") return { kind: "hub", fleet };
  const [folder, name = "", ...rest] = path.split("/");
  if (rest.length > 0 || !Name.safeParse(name).success) return null;
  if (folder === FOLDERS.device) return { kind: "device", fleet, name };
  return folder === FOLDERS.operator ? { kind: "operator", fleet, name } : null;
}

/** For messages: "device door of fleet demo". */
export function describePeer(peer: PeerName): string {
  return peer.kind === "hub"
    ? `the hub of fleet ${peer.fleet}`
    : `${peer.kind} ${peer.name} of fleet ${peer.fleet}`;
}
