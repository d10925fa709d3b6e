/** Where things lie on a board. The agent and the unit rely on these paths. */
export const BASE = "/opt/jetfleet";
export const RELEASES = `${BASE}/releases`;
export const CURRENT = `${BASE}/current`;
export const STAGING = `${BASE}/.staging`;
/** Digest of the release that is being brought there. */
export const STAGING_FOR = `${STAGING}/for`;
/** There from the first change of the board until the agent was started with all of it. */
export const UNFINISHED = `${BASE}/.unfinished`;
/** What needs root's rights beside provisioning itself; nobody else may write it. */
export const ROOT_PIECE_PATH = `${BASE}/root.sh`;
/** The power mode that the board was in before a program asked for another one. */
export const FORMER_POWER_MODE = `${BASE}/former-power-mode`;
/** What `jetson_clocks` stored before it took clocks to the top; while it is there, they are to be there. */
export const FORMER_CLOCKS = `${BASE}/former-clocks`;
/** The fan's profile before a program asked for another one. */
export const FORMER_FAN_PROFILE = `${BASE}/former-fan-profile`;
/** Debian packages that were installed for the agent and were not there before, one a line. */
export const INSTALLED_PACKAGES = `${BASE}/packages`;
/** Debian packages that are carried to the board, until they are installed. */
export const CARRIED_PACKAGES = `${BASE}/.packages`;
/** Starts what runs in containers, where a program asks for that. */
export const CONTAINER_PIECE_PATH = `${BASE}/container.sh`;
/** Images that were pulled for the agent and were not there before: what pulls, and the image, one a line. */
export const PULLED_IMAGES = `${BASE}/images`;
/** Every container of ours has this label, with the part that runs in it. */
export const CONTAINER_LABEL = "io.jetfleet.part";
export const POWER_MODES_FILE = "/etc/nvpmodel.conf";
export const FAN_CONF = "/etc/nvfancontrol.conf";
export const FAN_STATUS = "/var/lib/nvfancontrol/status";
export const CONFIG_DIR = "/etc/jetfleet";
export const CONFIG = `${CONFIG_DIR}/agent.json`;
/** Whose the board is, for whoever would provision or clear it; no business of the agent. */
export const OWNER = `${CONFIG_DIR}/owner.json`;
/** What the installer of a PC that is enrolled found of its card, a line each; the agent reports it (`agent/board/facts.ts`). */
export const CARD_FACTS = `${BASE}/card-facts`;
export const STATE_DIR = "/var/lib/jetfleet";
/** The device's key, its certificate and the fleet's CA; the default of the agent's configuration. */
export const IDENTITY = `${STATE_DIR}/identity.pem`;
export const UNIT = "jetfleet-agent.service";
export const UNIT_DIR = "/etc/systemd/system";

/** Where the agent asks for runners: systemd starts one for each connection. */
export const RUNNER_SOCKET = "jetfleet-runner.socket";
export const RUNNER_SOCKET_PATH = "/run/jetfleet/runner.sock";
export const RUNNER_TEMPLATE = "jetfleet-runner@.service";
/** Who the agent runs as, and who the runners: system users made at provisioning, and nobody's login. */
export const AGENT_USER = "jetfleet";
export const RUNNER_USER = "jetfleet-runner";

/** What ran well before a change, until what took its place has reached the hub. */
export const FORMER = `${BASE}/former`;
/** There when the former agent had to come back, until the next one is started. */
export const REVERTED = `${BASE}/reverted`;
/** Left by an agent whose report the hub has acknowledged; the one file here that the agent writes for root. */
export const HEALTHY = `${STATE_DIR}/healthy`;
export const PROBATION_PATH = `${BASE}/probation.sh`;
export const PROBATION_UNIT = "jetfleet-probation.service";

/** Takes clocks to the top again at boots. */
export const CLOCKS_UNIT = "jetfleet-clocks.service";

/** Folder name of a runtime release below RELEASES. */
export function releaseId(runtimeDigest: string): string {
  return runtimeDigest.replace("sha256:", "").slice(0, 16);
}
