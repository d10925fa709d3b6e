import {
  AGENT_USER,
  CLOCKS_UNIT,
  CONFIG,
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

/** The units and what else root runs of ours, by their paths on the board. */
export const UNIT_FILES: Readonly<Record<string, string>> = {
  [ROOT_PIECE_PATH]: ROOT_PIECE,
  [PROBATION_PATH]: PROBATION,
  [`${UNIT_DIR}/${PROBATION_UNIT}`]: PROBATION_UNIT_TEXT,
  [`${UNIT_DIR}/${CLOCKS_UNIT}`]: CLOCKS_UNIT_TEXT,
  [`${UNIT_DIR}/${RUNNER_TEMPLATE}`]: RUNNER_UNIT,
  [`${UNIT_DIR}/${RUNNER_SOCKET}`]: RUNNER_SOCKET_UNIT,
  [`${UNIT_DIR}/${UNIT}`]: AGENT_UNIT,
};
