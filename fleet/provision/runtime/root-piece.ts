import { FORMER_CLOCKS, FORMER_POWER_MODE, POWER_MODES_FILE } from "../layout.ts";
import { CLOCKS_NOW, CLOCKS_VERBS, HOLD_CLOCKS } from "./clocks-piece.ts";
import { FAN_NOW, FAN_VERBS, SET_FAN } from "./fan-piece.ts";

/**
 * What a program asks of a board that needs root's rights and is not provisioning, as one program with a closed list of verbs:
 *
 *     power-mode            says the nvpmodel mode that the board is in
 *     power-mode NAME       brings it into a mode that its own nvpmodel.conf lists, and reads that back
 *     restore-power-mode    back into the mode that it was in before the first of these
 *     clocks                says max, dynamic or unknown, as `jetson_clocks` shows them
 *     clocks max|dynamic    takes them to the top of the power mode, or lets them follow the load
 *     restore-clocks        back to what they were before
 *     fan-profile           says the fan's profile
 *     fan-profile NAME      one of those that the board has
 *     restore-fan-profile   back to the one that was before
 *     boot                  takes clocks to the top again where they are to be there: they do not outlast a boot
 *
 * Its answer is one line, `ok …`, `refused CODE …`, or `gone …` when what was before is not to be had any more. It never
 * reboots: nvpmodel, which asks before it does so, is told no. What was before is on disk before it is changed.
 */
export const ROOT_PIECE = `#!/bin/sh
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

answer() { printf '%s\\n' "$*"; exit 0; }
refuse() { logger -t jetfleet-root "refused: $*" 2>/dev/null || true; answer "refused $*"; }
is_name() { case "$1" in ''|*[!A-Za-z0-9_]*) return 1 ;; esac; [ "\${#1}" -le 64 ]; }
note() { printf '%s\\n' "$2" > "$1.new"; sync "$1.new"; mv "$1.new" "$1"; sync "$(dirname "$1")"; }
has_arguments() { [ "$1" -eq "$2" ] || refuse USAGE "$2 arguments expected, $1 given"; }

listed() { sed -n 's/^[[:space:]]*<[[:space:]]*POWER_MODEL[[:space:]]*ID=\\([0-9]*\\)[[:space:]]*NAME=\\([A-Za-z0-9_]*\\)[[:space:]]*>.*/\\1 \\2/p' ${POWER_MODES_FILE}; }
mode_now() { nvpmodel -q 2>/dev/null | sed -n 's/.*NV Power Mode:[[:space:]]*\\([A-Za-z0-9_]*\\).*/\\1/p' | head -n 1; }

id_of() { listed | while read -r id name; do [ "$name" = "$1" ] && echo "$id"; done | head -n 1; }

# The id of a mode that is asked for.
find_mode() {
  [ -r ${POWER_MODES_FILE} ] || refuse POWER_MODE "this board has no ${POWER_MODES_FILE}"
  id=$(id_of "$1")
  [ -n "$id" ] || refuse POWER_MODE "expected one of $(listed | cut -d' ' -f2 | tr '\\n' ' ')but got $1"
}

# Sets the mode that was found. One that other processors take part in is asked for with a reboot. Clocks are held anew: what
# was stored of them is of the mode before.
set_mode() {
  held=
  if [ -e ${FORMER_CLOCKS} ]; then held=yes; release_clocks; fi
  told=$(echo NO | nvpmodel -m "$id" 2>&1 | tr -c '[:print:]' ' ' | cut -c 1-200) || true
  if [ -n "$held" ]; then hold_clocks || refuse CLOCKS "they stay $(clocks_now) in $(mode_now): $said"; fi
  [ "$(mode_now)" != "$1" ] || return 0
  [ -z "\${noted-}" ] || rm -f ${FORMER_POWER_MODE}
  refuse POWER_MODE "nvpmodel stays in $(mode_now), it may want a reboot: $told"
}
${CLOCKS_NOW}
${HOLD_CLOCKS}
${FAN_NOW}
${SET_FAN}

verb="\${1-}"
[ $# -eq 0 ] || shift
case "$verb" in
  power-mode)
    if [ $# -eq 0 ]; then answer "ok $(mode_now)"; fi
    has_arguments $# 1
    is_name "$1" || refuse USAGE "a mode's name expected, of at most 64 letters, digits and _"
    find_mode "$1"
    before=$(mode_now)
    [ -n "$before" ] || refuse POWER_MODE "nvpmodel does not say which mode the board is in"
    if [ "$before" != "$1" ] && [ ! -e ${FORMER_POWER_MODE} ]; then
      note ${FORMER_POWER_MODE} "$before"
      noted=yes
    fi
    set_mode "$1"
    answer "ok $(mode_now)"
    ;;
  restore-power-mode)
    has_arguments $# 0
    if [ -e ${FORMER_POWER_MODE} ]; then
      former=$(tr -dc 'A-Za-z0-9_' < ${FORMER_POWER_MODE} | cut -c 1-64)
      id=$(id_of "$former")
      [ -z "$id" ] || set_mode "$former"
      rm -f ${FORMER_POWER_MODE}
      [ -n "$id" ] || answer "gone the board lists no mode $former any more and stays in $(mode_now)"
    fi
    answer "ok $(mode_now)"
    ;;${CLOCKS_VERBS}${FAN_VERBS}
  *) refuse USAGE "expected power-mode, clocks, fan-profile or restore- with one of these" ;;
esac
`;
