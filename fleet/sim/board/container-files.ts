/** How the containers of a simulated PC are. Read inside, where no package is. */
export const CONTAINER_STATES = [
  /** No engine is installed. */
  "none",
  "ok",
  "daemon-down",
  "no-nvidia",
  "old",
  "pull-breaks",
  "disk-full",
  "other-architecture",
  /** An image without GStreamer. */
  "bare-image",
  /** No container with the card starts. */
  "no-start",
  /** The agent's container starts, and nothing in it. */
  "agent-hangs",
] as const;
export type ContainerState = (typeof CONTAINER_STATES)[number];

/** On the PC, one word: how docker, podman and NVIDIA's tool for them behave from now on. Whoever plays with it writes there. */
export const CONTAINER_FILE = "/etc/jetfleet-simulated-containers";

/** Images that are there, a file each with `os/architecture`; and layers that a pull brought before it broke. */
export const IMAGE_FOLDER = "/var/lib/jetfleet-simulated-images";

/** Containers that run, a file each; none outlasts a boot. */
export const CONTAINER_FOLDER = "/run/jetfleet-simulated-containers";

export const ENGINES = ["docker", "podman"] as const;
export type Engine = (typeof ENGINES)[number];
