import { dirname } from "node:path";
import { BOARDS } from "../boards/index.ts";
import type { BoardName } from "../spec/index.ts";
import { quoteArgument } from "../ssh/index.ts";
import { FETCH } from "./fetch-script.ts";
import {
  ENABLE,
  finishScript,
  INSTALL_CERTIFICATE,
  MARK_UNFINISHED,
  prepareScript,
  RESTART,
  replaceFile,
  UNINSTALL,
  writeConfigScript,
  writeUnitsScript,
} from "./install.ts";
import { BASE, STAGING, STATE_DIR } from "./layout.ts";
import { NO_DRIVER, SPARE_BYTES, type WantedConfig } from "./plan.ts";
import { REFUSE_WHAT_LACKS } from "./preflight.ts";
import { GIVE_RIGHTS } from "./rights.ts";
import type { RuntimeRelease } from "./runtime/index.ts";
import { TELL_CARD } from "./tell-card.ts";

/** What removes all of it again from a board that nobody reaches. */
export const REMOVE_PATH = `${BASE}/remove.sh`;

export interface EnrolTarget {
  /** First numbers of the L4T releases that this is for, such as 35; empty for PCs, which have none. */
  l4tMajors: readonly number[];
  machine: string;
  release: RuntimeRelease;
}

export interface EnrolWish {
  /** Where boards are enrolled at the hub. */
  enrolUrl: string;
  caPem: string;
  config: WantedConfig & { board: BoardName };
  targets: readonly EnrolTarget[];
}

/**
 * The installer of a board that is to be enrolled, for /bin/sh as root. Takes the enrolment's id as its argument and the
 * token from standard input, so that neither a process list nor a file shows it. Does what provisioning over SSH does,
 * by the same steps, each of which may be run again; it holds no secret, and trusts no hub but that of the CA in it.
 */
export function enrolScript({ enrolUrl, caPem, config, targets }: EnrolWish): string {
  const isPc = BOARDS[config.board].tree === null;
  return `#!/bin/sh
# Makes this board device ${config.device} of fleet ${config.fleet}.
set -eu
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
fail() { echo "jetfleet: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "expected to run as root: put sudo before sh"
id="\${1-}"
IFS= read -r token || true
case "$token" in ''|*[!A-Za-z0-9_-]*) fail "expected the token on standard input" ;; esac
url=${enrolUrl.replace(/\/+$/, "")}/enrol/"$id"
${isPc ? CHECK_PC : checkBoard(config.board)}
${chooseRelease(targets)}
${REFUSE_WHAT_LACKS}
${isPc ? "tell_card" : ""}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cat > "$work/ca.pem" <<'JETFLEET_CA'
${caPem.trim()}
JETFLEET_CA
${FETCH}
echo "jetfleet: installing the agent of ${config.device}"
${listFiles(targets)}
${MARK_UNFINISHED}
rm -rf ${STAGING}
${prepareScript("enrolment", [])}
while read -r digest mode name; do
  fetch "objects/$digest" "${STAGING}/$name" || fail "cannot fetch $name from $url"
  chmod "$mode" "${STAGING}/$name"
  sync "${STAGING}/$name"
done < "$work/files"
${targets.map(({ release }, index) => finish(index, release)).join("\n")}
cd /
(${writeConfigScript(config)}) > "$work/request.json"
post certificate "$work/request.json" "$work/issued.json" || fail "the hub gives no certificate: ask for a new line with jetfleet enroll ${config.device}"
${INSTALL_CERTIFICATE} < "$work/issued.json"
sync ${STATE_DIR}
${GIVE_RIGHTS}
${isPc ? "keep_card" : ""}
${writeUnitsScript()}
${replaceFile(REMOVE_PATH, removeScript())}
${ENABLE}
${RESTART}
echo "jetfleet: the agent of ${config.device} is started; sh ${REMOVE_PATH} would remove it"
`;
}

/** Such as `R35, R36 aarch64`, or `x86_64` of PCs. */
export function targetText({ l4tMajors, machine }: EnrolTarget): string {
  return `${l4tMajors.map((major) => `R${major}`).join(", ")} ${machine}`.trim();
}

/** A PC is known by its card, as over SSH. */
const CHECK_PC = `${TELL_CARD}
if ! ls /proc/driver/nvidia/gpus/*/information >/dev/null 2>&1; then
  slot=$(slots | head -n 1)
  [ -n "$slot" ] || fail "expected a PC with an NVIDIA card but there is none"
  fail "expected the driver of the NVIDIA card in $slot to be loaded but there is none. Nothing was changed. "${quoteArgument(NO_DRIVER.replace("; then run `up` again", ", then run this again"))}
fi`;

function checkBoard(board: BoardName): string {
  const soc = BOARDS[board].tree?.compatible.at(-1) ?? "";
  return `tr '\\0' '\\n' < /proc/device-tree/compatible 2>/dev/null | grep -qxF '${soc}' ||
  fail "expected a board of type ${board} (${soc}) but it is $(tr '\\0' ' ' < /proc/device-tree/model 2>/dev/null || echo unknown)"`;
}

function chooseRelease(targets: readonly EnrolTarget[]): string {
  const cases = targets.map(({ l4tMajors, machine }, index) => {
    const majors = l4tMajors.length > 0 ? l4tMajors : [""];
    const patterns = majors.map((major) => `"${major} ${machine}"`);
    return `  ${patterns.join("|")}) release=${index} ;;`;
  });
  const known = targets.map(targetText).join(" or ");
  return `l4t=$(sed -n 's/^# R\\([0-9]*\\).*/\\1/p' /etc/nv_tegra_release 2>/dev/null | head -n 1)
case "$l4t $(uname -m)" in
${cases.join("\n")}
  *) fail "expected ${known.startsWith("R") ? "L4T " : ""}${known} but got R$l4t $(uname -m)" ;;
esac`;
}

/** What is to be fetched, as lines of digest, mode and name, and whether there is room for it. */
function listFiles(targets: readonly EnrolTarget[]): string {
  const cases = targets.map(({ release }, index) => {
    const lines = release.files.map(
      ({ digest, mode, name }) => `${digest} ${mode.toString(8)} ${name}`,
    );
    const bytes = release.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, SPARE_BYTES);
    return `${index})
needed=${Math.ceil(bytes / 1024)}
cat > "$work/files" <<'JETFLEET_FILES'
${lines.join("\n")}
JETFLEET_FILES
;;`;
  });
  return `case "$release" in
${cases.join("\n")}
esac
free=$(df -Pk ${dirname(BASE)} | awk 'END { print $4 }')
[ "$free" -ge "$needed" ] || fail "expected $needed kB free below ${dirname(BASE)} but got $free kB"`;
}

function finish(index: number, release: RuntimeRelease): string {
  return `if [ "$release" = ${index} ]; then
${finishScript(release)}
fi`;
}

function removeScript(): string {
  return `set -eu\n${UNINSTALL}\n`;
}
