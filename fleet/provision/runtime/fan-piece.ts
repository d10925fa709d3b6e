import { FAN_CONF, FAN_STATUS, FORMER_FAN_PROFILE } from "../layout.ts";

/*
 * The fan's profile, in shell: from L4T 34 on by the service nvfancontrol, whose configuration lists the profiles and says
 * which is taken at its start unless its status file does; before, by `nvpmodel -d`, which knows quiet and cool, on the
 * boards that have a fan mode at all. Either keeps it over boots.
 * @see NVIDIA's Jetson Linux Developer Guide, "Fan Profile Control"
 */

/** `fan_now` and `fan_profiles` print a name, and names; nothing where there are none, or fans are not of one profile. */
export const FAN_NOW = `
nvpmodel_says() { nvpmodel -q 2>/dev/null; }
fan_tool() {
  if [ -r ${FAN_CONF} ] && command -v nvfancontrol >/dev/null 2>&1; then echo nvfancontrol
  elif nvpmodel_says | grep -q '^NV Fan Mode:'; then echo nvpmodel; fi
}
fan_profiles() {
  case "$(fan_tool)" in
    nvfancontrol) sed -n 's/^[[:space:]]*FAN_PROFILE[[:space:]]\\{1,\\}\\([A-Za-z0-9_]\\{1,\\}\\).*/\\1/p' ${FAN_CONF} | sort -u ;;
    nvpmodel) printf 'cool\\nquiet\\n' ;;
  esac
}
fan_now() {
  case "$(fan_tool)" in
    nvfancontrol) nvfancontrol -q 2>/dev/null | sed -n 's/.*FAN_PROFILE:[[:space:]]*\\([A-Za-z0-9_]*\\).*/\\1/p' ;;
    nvpmodel) nvpmodel_says | sed -n 's/^NV Fan Mode:[[:space:]]*\\([A-Za-z0-9_]*\\).*/\\1/p' ;;
  esac | sort -u | { IFS= read -r one || true; IFS= read -r more || true; [ -n "\${more-}" ] || echo "\${one-}"; }
}`;

/** `set_fan NAME`: the new configuration is on disk before it takes the old one's place, where a link leads to. */
export const SET_FAN = `
set_fan() {
  case "$(fan_tool)" in
    nvfancontrol)
      file=$(readlink -f ${FAN_CONF})
      systemctl stop nvfancontrol >/dev/null 2>&1 || true
      sed "s/^\\([[:space:]]*FAN_DEFAULT_PROFILE[[:space:]]\\{1,\\}\\).*/\\1$1/" "$file" > "$file.jetfleet"
      chmod --reference="$file" "$file.jetfleet"
      sync "$file.jetfleet"
      mv "$file.jetfleet" "$file"
      rm -f ${FAN_STATUS}
      systemctl start nvfancontrol >/dev/null 2>&1 || true
      for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if [ "$(fan_now)" = "$1" ]; then break; fi
        sleep 0.25
      done
      ;;
    nvpmodel) nvpmodel -d "$1" >/dev/null 2>&1 < /dev/null || true ;;
  esac
  [ "$(fan_now)" = "$1" ]
}`;

/** Verbs `fan-profile` and `restore-fan-profile`. */
export const FAN_VERBS = `
  fan-profile)
    if [ $# -eq 0 ]; then answer "ok $(fan_now)"; fi
    has_arguments $# 1
    is_name "$1" || refuse USAGE "a profile's name expected, of at most 64 letters, digits and _"
    [ -n "$(fan_profiles)" ] || refuse FAN "this board has no fan profiles"
    fan_profiles | grep -qxF "$1" || refuse FAN "expected one of $(fan_profiles | tr '\\n' ' ')but got $1"
    before=$(fan_now)
    [ -n "$before" ] || refuse FAN "it is not told which profile the fan is in"
    if [ "$before" != "$1" ]; then
      noted=
      [ -e ${FORMER_FAN_PROFILE} ] || { note ${FORMER_FAN_PROFILE} "$before"; noted=yes; }
      set_fan "$1" || {
        set_fan "$before" || true
        [ -z "$noted" ] || rm -f ${FORMER_FAN_PROFILE}
        refuse FAN "the fan stays in $(fan_now)"
      }
    fi
    answer "ok $(fan_now)"
    ;;
  restore-fan-profile)
    has_arguments $# 0
    if [ -e ${FORMER_FAN_PROFILE} ]; then
      former=$(tr -dc 'A-Za-z0-9_' < ${FORMER_FAN_PROFILE} | cut -c 1-64)
      if fan_profiles | grep -qxF "$former"; then
        [ "$(fan_now)" = "$former" ] || set_fan "$former" || refuse FAN "the fan stays in $(fan_now)"
        rm -f ${FORMER_FAN_PROFILE}
      else
        rm -f ${FORMER_FAN_PROFILE}
        answer "gone the board has no fan profile $former any more and stays in $(fan_now)"
      fi
    fi
    answer "ok $(fan_now)"
    ;;`;
