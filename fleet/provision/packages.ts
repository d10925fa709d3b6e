import { FleetError } from "../errors/index.ts";
import { BASE, CARRIED_PACKAGES, INSTALLED_PACKAGES } from "./layout.ts";

/** Of apt from Ubuntu 20.04 on; that of 18.04 does not know it and answers at once, so it is asked again. */
const LOCK_SECONDS = 300;
const OPTIONS =
  "-q -y --no-install-recommends -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Dpkg::Use-Pty=0";

const NAME = /^[a-z0-9][a-z0-9+.-]{1,99}$/;

/** `what` names a step of apt, its output goes to a file; until its lock is free, or long enough. */
const APT = `
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
said=$(mktemp)
trap 'rm -f "$said"' EXIT
apt() {
  tries=0
  until apt-get ${OPTIONS} -o DPkg::Lock::Timeout=${LOCK_SECONDS} "$@" > "$said" 2>&1 < /dev/null; do
    tries=$((tries + 1))
    grep -Eq 'Could not get lock|Unable to acquire|Could not open lock' "$said" || return 1
    [ "$tries" -lt 30 ] || return 1
    sleep 10
  done
}
tell() { printf '%s\\n' "$*"; exit 0; }
why() { grep -E '^[EW]: | (Pre-?)?Depends: ' "$said" | tr -s ' \\n' ' ' | cut -c 1-300; }`;

/**
 * Installs what was carried to the board and is not there yet, and from the board's own sources what was not carried; only what
 * adds to the system: what would upgrade, downgrade or remove something that is there is refused. What is new is on disk
 * before it is installed, so that whoever undoes it knows of it.
 */
export function installPackagesScript(packages: readonly string[]): string {
  const names = packages.filter((name) => NAME.test(name)).join(" ");
  return `${APT}
wanted=" ${names} "
carried=
for one in ${CARRIED_PACKAGES}/*.deb; do
  [ -e "$one" ] || continue
  name=$(dpkg-deb -f "$one" Package 2>/dev/null) || tell "refused a carried file is no Debian package: $one"
  case "$(dpkg-query -W -f '\${Status}' "$name" 2>/dev/null)" in *' installed') continue ;; esac
  carried="$carried $one"
  case "$wanted" in *" $name "*) wanted="\${wanted%% "$name" *} \${wanted#* "$name" }" ;; esac
done
wanted=$(echo $carried $wanted)
apt -s install $wanted || { lacking=$(why); apt update || tell "refused apt-get update: $(why)(without it: $lacking)"; }
apt -s install $wanted || tell "refused apt-get install ${names}: $(why)"
others=$(sed -n 's/^Remv \\([^ ]*\\).*/\\1/p; s/^Inst \\([^ ]*\\) \\[.*/\\1/p' "$said" | sort -u | tr '\\n' ' ')
[ -z "$others" ] || tell "refused it would change what is there: $others"
mkdir -p ${BASE}
{ cat ${INSTALLED_PACKAGES} 2>/dev/null || true; sed -n 's/^Inst \\([^ ]*\\) .*/\\1/p' "$said"; } | sort -u > ${INSTALLED_PACKAGES}.new
sync ${INSTALLED_PACKAGES}.new
mv ${INSTALLED_PACKAGES}.new ${INSTALLED_PACKAGES}
sync ${BASE}
apt install $wanted || tell "refused apt-get install ${names}: $(why)"
rm -rf ${CARRIED_PACKAGES}
tell "ok $(tr '\\n' ' ' < ${INSTALLED_PACKAGES})"`;
}

/** Removes what was installed, and nothing else: what something of the board's owner needs by now stays, and is told. */
export const REMOVE_PACKAGES = `
remove_packages() (
  ${APT}
  names=$(tr '\\n' ' ' < ${INSTALLED_PACKAGES})
  [ -n "$names" ] || exit 0
  apt -s purge $names || tell "Packages stay installed, for apt-get fails: $(why)"
  others=$(sed -n 's/^\\(Remv\\|Purg\\) \\([^ ]*\\).*/\\2/p' "$said" | sort -u | grep -vxFf ${INSTALLED_PACKAGES} | tr '\\n' ' ')
  [ -z "$others" ] || tell "Packages stay installed, for others need them by now ($others): $names"
  apt purge $names || tell "Packages stay installed, for apt-get fails: $(why)"
)
[ ! -e ${INSTALLED_PACKAGES} ] || remove_packages
`;

/** Throws BOARD_LACKS when the answer of the script is no success. */
export function requireInstalled(answer: string, address: string): void {
  const line = answer.trim().split("\n").at(-1) ?? "";
  if (line.startsWith("ok")) return;
  throw new FleetError(
    "BOARD_LACKS",
    `Expected the board at ${address} to install packages but: ${line.replace(/^refused /, "") || "no answer"}`,
    {
      hint: "Mend apt on the board (`sudo apt-get update`, its sources, its network), or install the packages by hand.",
    },
  );
}
