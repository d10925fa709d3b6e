import { gpuClockFolder } from "./gpu-clock-files.ts";
import type { PlayedJetson } from "./images.ts";

/** The lowest clock of CPUs in kHz, as units of the two boards show it. */
const CPU_LOWEST_KHZ: Readonly<Record<PlayedJetson, number>> = {
  tx2: 345_600,
  "agx-xavier": 1_190_400,
};

/**
 * jetson_clocks of a simulated board: the lowest clock of the GPU is lifted to the highest that the power mode lets it have,
 * in files that are its kernel's. What it shows of CPUs goes with the GPU; nothing of the machine changes. Like NVIDIA's
 * script it prints its errors to standard output, and asks before it overwrites what was stored.
 */
export function jetsonClocks(board: PlayedJetson): string {
  const folder = gpuClockFolder(board);
  return `#!/bin/sh
[ "$(id -u)" = 0 ] || { echo "Error: Run this script($0) as a root user"; exit 1; }
file=\${2:-/root/l4t_dfs.conf}
read -r least < ${folder}/min_freq
read -r most < ${folder}/max_freq
put() { echo "$1" > ${folder}/min_freq; echo "$1" > ${folder}/cur_freq; }
case "\${1-}" in
  '') put "$most" ;;
  --show)
    id=$(sed -n 's/^pmode:0*\\([0-9][0-9]*\\).*/\\1/p' /var/lib/nvpmodel/status 2>/dev/null)
    [ -n "$id" ] || id=$(sed -n 's/.*PM_CONFIG DEFAULT=\\([0-9]*\\).*/\\1/p' /etc/nvpmodel.conf)
    awk -v id="$id" -v least="$least" -v most="$most" '
      /POWER_MODEL ID=/ { ours = index($0, "ID=" id " ") > 0; if (ours) { name = $4; sub(/NAME=/, "", name) } }
      ours && $1 == "CPU_ONLINE" { cpus = $3 }
      ours && $1 == "CPU" { khz = $3 }
      END {
        print "Online CPUs: 0-" cpus - 1
        low = least == most ? khz : ${CPU_LOWEST_KHZ[board]}; idle = least == most ? 0 : 1
        for (cpu = 0; cpu < cpus; cpu++)
          print "cpu" cpu ": Online=1 Governor=schedutil MinFreq=" low " MaxFreq=" khz " CurrentFreq=" low " IdleStates: C1=" idle " c6=" idle " "
        print "GPU MinFreq=" least " MaxFreq=" most " CurrentFreq=" least
        print "Fan: PWM=0\\nNV Power Mode: " name
      }' /etc/nvpmodel.conf ;;
  --store)
    [ ! -e "$file" ] || { echo "Error: file $file already exists!"; exit 1; }
    echo "${folder}/min_freq:$least" > "$file" ;;
  --restore)
    [ -e "$file" ] || { echo "Error: $file file not found !"; exit 1; }
    kept=$(sed -n 's,^${folder}/min_freq:,,p' "$file")
    [ "$kept" -le "$most" ] || kept=$most
    put "$kept" ;;
  *) echo "Unknown option: $1"; exit 1 ;;
esac
`;
}

/**
 * nvfancontrol of a simulated board: only what it says of its profile. The service takes the one of its status file, and where
 * there is none that of its configuration, and keeps it there; no service runs here, so that this does so when asked.
 */
export const NVFANCONTROL = `#!/bin/sh
[ "\${1-}" = -q ] || [ "\${1-}" = --query ] || { echo "Usage (simulated): nvfancontrol -q"; exit 0; }
status=/var/lib/nvfancontrol/status
if [ ! -e $status ]; then
  mkdir -p /var/lib/nvfancontrol
  sed -n 's/^[[:space:]]*FAN_DEFAULT_PROFILE[[:space:]]*/FAN1:FAN_PROFILE:/p' /etc/nvfancontrol.conf > $status
fi
cat $status
printf 'FAN1:FAN_GOVERNOR:cont\\nFAN1:FAN_CONTROL:close_loop\\n'
`;
