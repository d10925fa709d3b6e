/** Where things lie on a board. The agent and the unit rely on these paths. */
export const BASE = "/opt/jetfleet";
export const RELEASES = `${BASE}/releases`;
export const CURRENT = `${BASE}/current`;
export const STAGING = `${BASE}/.staging`;
/** There from the first change of the board until the agent was started with all of it. */
export const UNFINISHED = `${BASE}/.unfinished`;
export const CONFIG_DIR = "/etc/jetfleet";
export const CONFIG = `${CONFIG_DIR}/agent.json`;
export const STATE_DIR = "/var/lib/jetfleet";
/** The device's key, its certificate and the fleet's CA; the default of the agent's configuration. */
export const IDENTITY = `${STATE_DIR}/identity.pem`;
export const UNIT = "jetfleet-agent.service";
export const UNIT_FILE = `/etc/systemd/system/${UNIT}`;

/** Folder name of a runtime release below RELEASES. */
export function releaseId(runtimeDigest: string): string {
  return runtimeDigest.replace("sha256:", "").slice(0, 16);
}
