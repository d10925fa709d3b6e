import type { DeviceContainer } from "../../spec/index.ts";
import {
  AGENT_USER,
  BASE,
  CONFIG,
  CONFIG_DIR,
  CONTAINER_LABEL,
  CURRENT,
  RUNNER_SOCKET_PATH,
  RUNNER_USER,
  STATE_DIR,
} from "../layout.ts";

/*
 * What starts agent and runners in containers, in place of straight under a PC's system. An engine passes no socket on, so
 * that of a runner's connection its standard input and output are the halves. The rights are those of the plain units: root
 * is nobody in there, the root is read-only, the agent has no card and a runner no folder to write to. No log of the
 * engine's own is kept, for a runner's output is its answers.
 */

/** Programs and libraries of ours are at the same path as outside. */
const COMMON = [
  "--rm --pull never --network host --read-only",
  "--tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777",
  "--cap-drop ALL --security-opt no-new-privileges",
  "--pids-limit 256 --ulimit core=0:0 --log-driver none",
  `--volume ${BASE}:${BASE}:ro`,
].join(" ");

/**
 * How a container gets all cards: of docker by NVIDIA's runtime, of podman by its CDI specification. That the nodes are
 * named to docker, too, keeps them over a `systemctl daemon-reload`, which else takes them away from a running container.
 * `video` brings the driver's decoder; without it only compute and utility are there.
 * @see NVIDIA's Container Toolkit: its pages cdi-support and docker-specialized, its sample for docker, and its issue 48
 */
const CARDS: Readonly<Record<DeviceContainer["runtime"], string>> = {
  docker: `set -- "$@" --runtime nvidia --gpus all
    for node in /dev/nvidia[0-9]* /dev/nvidiactl /dev/nvidia-modeset /dev/nvidia-uvm /dev/nvidia-uvm-tools; do
      [ ! -c "$node" ] || set -- "$@" --device "$node"
    done`,
  podman: `set -- "$@" --device nvidia.com/gpu=all`,
};

/** SELinux would keep a container from folders that are not labelled for it; docker has it off unless told otherwise. */
const UNLABELLED = { docker: "", podman: " --security-opt label=disable" };

/**
 *     agent             runs the agent, until it ends
 *     runner INSTANCE   runs the host of one runner over standard input and output
 *     trial             runs the script of standard input as a runner would run
 *
 * One of ours that a kill of the engine left is removed before; another's of that name is not.
 */
export function containerPiece({ runtime, image }: DeviceContainer): string {
  return `#!/bin/sh
# ${runtime} ${image}
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root
LC_ALL=C
export PATH HOME LC_ALL
part="\${1-}"
name="jetfleet-$part\${2:+-$2}"
group() { getent group "$1" | cut -d: -f3; }

was=$(${runtime} container inspect --format '{{index .Config.Labels "${CONTAINER_LABEL}"}}' "$name" 2>/dev/null || true)
[ "$was" != "$part" ] || ${runtime} rm --force "$name" >/dev/null

set -- run ${COMMON}${UNLABELLED[runtime]} --name "$name" --label ${CONTAINER_LABEL}="$part"
case "$part" in
  agent)
    set -- "$@" --user "$(id -u ${AGENT_USER}):$(group ${RUNNER_USER})" --group-add "$(group ${AGENT_USER})" \\
      --memory 1g --env NVIDIA_VISIBLE_DEVICES=void \\
      --volume ${CONFIG_DIR}:${CONFIG_DIR}:ro --volume ${STATE_DIR}:${STATE_DIR} --volume ${runFolder()}:${runFolder()} \\
      --entrypoint ${CURRENT}/bin/node ${image} ${CURRENT}/agent.cjs run --config ${CONFIG} --runners ${RUNNER_SOCKET_PATH}
    ;;
  runner | trial)
    # Of what is short on the board, runners give way first.
    kib=$(sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo)
    set -- "$@" --interactive --user "$(id -u ${RUNNER_USER}):$(group ${RUNNER_USER})" --group-add "$(group video)" \\
      --memory "$((kib * 3 / 4))k" --oom-score-adj 500 --env NVIDIA_DRIVER_CAPABILITIES=compute,utility,video \\
      --env JETFLEET_KERNELS=${STATE_DIR}/kernels --volume ${STATE_DIR}:${STATE_DIR}:ro
    ${CARDS[runtime]}
    if [ "$part" = trial ]; then
      set -- "$@" --entrypoint /bin/sh ${image} -s
    else
      set -- "$@" --entrypoint ${CURRENT}/bin/node ${image} ${CURRENT}/agent.cjs runner-host --halves
    fi
    ;;
  *) echo "expected agent, runner INSTANCE or trial" >&2; exit 64 ;;
esac
exec ${runtime} "$@"
`;
}

/** What a board's launcher says of itself; null of a text that is none. */
export function saidByPiece(text: string): { runtime: string; image: string } | null {
  const [, runtime = "", image = ""] = /^#!\/bin\/sh\n# (docker|podman) (\S+)\n/.exec(text) ?? [];
  return image === "" ? null : { runtime, image };
}

function runFolder(): string {
  return RUNNER_SOCKET_PATH.replace(/\/[^/]*$/, "");
}
