import { BASE, FORMER_CLOCKS } from "../layout.ts";

/*
 * Clocks by `jetson_clocks`, in shell. It raises the lowest clock of CPUs and GPU to the highest that the power mode lets
 * them have, switches idle states off and holds the memory's clock; what it stores is a list of the kernel's files with
 * their values, those of the CPUs that are online among them, so it is of use in the same power mode alone. Nothing of
 * it outlasts a boot. What it prints: L4T 32 to 36, as units print it.
 * @see `jetson_clocks` of L4T, a script of NVIDIA's, and `tests` of rbonghi/jetson_stats for its output
 */

/** `clocks_now` prints max, dynamic, or unknown. CPUs that are off say nothing of it. */
export const CLOCKS_NOW = `
clocks_now() {
  jetson_clocks --show 2>/dev/null < /dev/null |
    sed -n '/Online=0/d; s/^\\(cpu[0-9]\\{1,\\}:\\|GPU\\) .*MinFreq=\\([0-9]\\{1,\\}\\) MaxFreq=\\([0-9]\\{1,\\}\\).*/\\2 \\3/p' | {
      clocks=unknown
      while read -r least most; do
        if [ "$least" != "$most" ]; then clocks=dynamic; elif [ "$clocks" = unknown ]; then clocks=max; fi
      done
      echo "$clocks"
    }
}`;

/**
 * `hold_clocks` stores what is and takes them to the top; `release_clocks` puts back what was stored, and leaves it stored.
 * What is stored is stored anew where it is of another boot or another power mode.
 */
export const HOLD_CLOCKS = `
hold_clocks() {
  if [ ! -e ${FORMER_CLOCKS} ] || [ "$(clocks_now)" != max ]; then
    rm -f ${FORMER_CLOCKS}.new
    said=$(jetson_clocks --store ${FORMER_CLOCKS}.new 2>&1 < /dev/null | tr -c '[:print:]' ' ' | cut -c 1-200) || true
    [ -s ${FORMER_CLOCKS}.new ] || return 1
    sync ${FORMER_CLOCKS}.new
    mv ${FORMER_CLOCKS}.new ${FORMER_CLOCKS}
    sync ${BASE}
  fi
  said=$(jetson_clocks 2>&1 < /dev/null | tr -c '[:print:]' ' ' | cut -c 1-200) || true
  [ "$(clocks_now)" = max ]
}
release_clocks() {
  [ -e ${FORMER_CLOCKS} ] || return 0
  said=$(jetson_clocks --restore ${FORMER_CLOCKS} 2>&1 < /dev/null | tr -c '[:print:]' ' ' | cut -c 1-200) || true
}
forget_clocks() { rm -f ${FORMER_CLOCKS}; sync ${BASE}; }`;

/** Verbs `clocks`, `restore-clocks` and `boot`. */
export const CLOCKS_VERBS = `
  clocks)
    if [ $# -eq 0 ]; then answer "ok $(clocks_now)"; fi
    has_arguments $# 1
    case "$1" in max|dynamic) ;; *) refuse USAGE "max or dynamic expected" ;; esac
    [ "$(clocks_now)" != unknown ] || refuse CLOCKS "jetson_clocks does not say how the clocks are"
    if [ "$1" = max ]; then
      hold_clocks || { why=$said; release_clocks; forget_clocks; refuse CLOCKS "they stay $(clocks_now): $why"; }
    else
      release_clocks
      forget_clocks
      [ "$(clocks_now)" = dynamic ] || refuse CLOCKS "something else holds them at their maximum"
    fi
    answer "ok $(clocks_now)"
    ;;
  restore-clocks)
    has_arguments $# 0
    release_clocks
    forget_clocks
    answer "ok $(clocks_now)"
    ;;
  boot)
    has_arguments $# 0
    [ -e ${FORMER_CLOCKS} ] || answer "ok nothing is held"
    hold_clocks || refuse CLOCKS "they stay $(clocks_now): $said"
    answer "ok $(clocks_now)"
    ;;`;
