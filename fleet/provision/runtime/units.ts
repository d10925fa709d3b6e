import type { DeviceContainer } from "../../spec/index.ts";
import {
  AGENT_USER,
  CLOCKS_UNIT,
  CONFIG,
  CONTAINER_PIECE_PATH,
  CURRENT,
  PROBATION_PATH,
  PROBATION_UNIT,
  ROOT_PIECE_PATH,
  RUNNER_SOCKET,
  RUNNER_SOCKET_PATH,
  RUNNER_TEMPLATE,
  RUNNER_USER,
  STATE_DIR,
  UNIT,
  UNIT_DIR,
} from "../layout.ts";
import { containerPiece } from "./container-piece.ts";
import { PROBATION, PROBATION_UNIT_TEXT } from "./probation.ts";
import { ROOT_PIECE } from "./root-piece.ts";

/*
 * The units of a board: systemd 237 (JetPack 4) takes them, and passes over what it does not know yet. What it would
 * take amiss is not here: a list of allowed system calls by a group that it does not know (@system-service) would allow
 * none. MemoryDenyWriteExecute is not here either, for V8 writes the code that it runs.
 */

/** For whatever needs no right but to be there and to reach a network. */
const HARDENED = `UMask=0027
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @debug @keyring @module @mount @obsolete @privileged @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
LimitCORE=0
`;

/** All that a camera or a model may want of the board is behind this unit; what it may do is to read models. */
const RUNNER_UNIT = `[Unit]
Description=jetfleet runner
CollectMode=inactive-or-failed

[Service]
ExecStart=${CURRENT}/bin/node ${CURRENT}/agent.cjs runner-host
StandardInput=socket
StandardOutput=journal
StandardError=journal
# What the agent had compiled for the GPU; a runner may write nowhere.
Environment=JETFLEET_KERNELS=${STATE_DIR}/kernels
User=${RUNNER_USER}
Group=${RUNNER_USER}
# GPU and cameras are files of this group.
SupplementaryGroups=video
KillMode=control-group
TimeoutStopSec=10
# Of what is short on the board, runners give way first; the host stays to tell which one did.
OOMScoreAdjust=500
OOMPolicy=continue
MemoryMax=75%
TasksMax=256
${HARDENED}`;

const RUNNER_SOCKET_UNIT = `[Unit]
Description=jetfleet runners, one for each connection of the agent

[Socket]
ListenStream=${RUNNER_SOCKET_PATH}
Accept=yes
MaxConnections=64
SocketUser=${AGENT_USER}
SocketGroup=${AGENT_USER}
SocketMode=0600
DirectoryMode=0755

[Install]
WantedBy=sockets.target
`;

/** The group is the runners', so that they may read what the agent means them to. */
const AGENT_UNIT = `[Unit]
Description=jetfleet agent
After=network-online.target ${RUNNER_SOCKET} ${CLOCKS_UNIT}
Wants=network-online.target ${RUNNER_SOCKET}
# Whatever goes wrong, nobody is there to start it again by hand.
StartLimitIntervalSec=0

[Service]
ExecStart=${CURRENT}/bin/node ${CURRENT}/agent.cjs run --config ${CONFIG} --runners ${RUNNER_SOCKET_PATH}
User=${AGENT_USER}
Group=${RUNNER_USER}
SupplementaryGroups=${AGENT_USER}
Restart=always
RestartSec=2
KillMode=control-group
ReadWritePaths=${STATE_DIR}
PrivateDevices=yes
DevicePolicy=closed
MemoryMax=1G
TasksMax=256
${HARDENED}
[Install]
WantedBy=multi-user.target
`;

/** After what sets the power mode at boots, and before the agent tells how the board is set. */
const CLOCKS_UNIT_TEXT = `[Unit]
Description=jetfleet: clocks that a program wants at their maximum
After=nvpmodel.service nvfancontrol.service

[Service]
Type=oneshot
ExecStart=/bin/sh ${ROOT_PIECE_PATH} boot

[Install]
WantedBy=multi-user.target
`;

/** Docker's containers need its service; podman has none. */
const AFTER = { docker: "docker.service ", podman: "" };

/**
 * Who starts a container is root; what runs in it has the rights that container-piece.ts gives it. The engine passes a stop
 * on, and what it started is in a control group of the engine's own.
 */
function agentInContainer(container: DeviceContainer): string {
  const after = AFTER[container.runtime];
  return `[Unit]
Description=jetfleet agent, in a container
After=network-online.target ${after}${RUNNER_SOCKET} ${CLOCKS_UNIT}
Wants=network-online.target ${after}${RUNNER_SOCKET}
# Whatever goes wrong, nobody is there to start it again by hand.
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/sh ${CONTAINER_PIECE_PATH} agent
Restart=always
RestartSec=2
KillMode=mixed
TimeoutStopSec=30

[Install]
WantedBy=multi-user.target
`;
}

const RUNNER_IN_CONTAINER = `[Unit]
Description=jetfleet runner, in a container
CollectMode=inactive-or-failed

[Service]
ExecStart=/bin/sh ${CONTAINER_PIECE_PATH} runner %i
StandardInput=socket
StandardOutput=socket
StandardError=journal
KillMode=mixed
TimeoutStopSec=10
`;

/**
 * The units and what else root runs of ours, by their paths on the board: straight under its system, or in containers of an
 * image.
 */
export function unitFiles(container: DeviceContainer | null): Readonly<Record<string, string>> {
  return {
    [ROOT_PIECE_PATH]: ROOT_PIECE,
    [PROBATION_PATH]: PROBATION,
    ...(container && { [CONTAINER_PIECE_PATH]: containerPiece(container) }),
    [`${UNIT_DIR}/${PROBATION_UNIT}`]: PROBATION_UNIT_TEXT,
    [`${UNIT_DIR}/${CLOCKS_UNIT}`]: CLOCKS_UNIT_TEXT,
    [`${UNIT_DIR}/${RUNNER_TEMPLATE}`]: container ? RUNNER_IN_CONTAINER : RUNNER_UNIT,
    [`${UNIT_DIR}/${RUNNER_SOCKET}`]: RUNNER_SOCKET_UNIT,
    [`${UNIT_DIR}/${UNIT}`]: container ? agentInContainer(container) : AGENT_UNIT,
  };
}

/** All that there may be of them on a board. */
export const UNIT_PATHS: readonly string[] = [
  ...Object.keys(unitFiles(null)),
  CONTAINER_PIECE_PATH,
];

/** Of every kind, for a digest: what changes here is another runtime. */
export const UNIT_TEXTS: readonly Readonly<Record<string, string>>[] = [
  unitFiles(null),
  ...(["docker", "podman"] as const).map((runtime) => unitFiles({ runtime, image: "" })),
];
