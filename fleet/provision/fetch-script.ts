import { posix } from "node:path";
import { STAGING } from "./layout.ts";
import type { RuntimeFile } from "./runtime/index.ts";

/** Where a board finds at the hub what was put there for it, and by what right. */
export interface HubOffer {
  /** That the paths of objects follow. */
  url: string;
  token: string;
  /** The fleet's CA: no other hub is trusted. */
  caPem: string;
}

/**
 * `fetch PATH FILE` and `post PATH BODY FILE` by curl or wget, which take what is secret, and whom to trust, from files in
 * `$work`; asks for `$url` and `$token`, and for `fail`. What is there of a file is gone on with.
 */
export const FETCH = `umask 077
printf 'header = "authorization: Bearer %s"\\n' "$token" > "$work/curlrc"
printf 'header = authorization: Bearer %s\\n' "$token" > "$work/wgetrc"
umask 022
unset token
if command -v curl >/dev/null; then
  ask() { curl -fsS -K "$work/curlrc" --cacert "$work/ca.pem" --connect-timeout 20 --speed-limit 1 --speed-time 60 "$@"; }
  fetch() {
    for n in 1 2 3 4 5 6 7 8; do ask -C - -o "$2" "$url/$1" && return 0; sleep 2; done
    return 1
  }
  post() { ask -H 'content-type: application/json' --data-binary "@$2" -o "$3" "$url/$1"; }
elif command -v wget >/dev/null; then
  ask() { WGETRC="$work/wgetrc" wget -q --ca-certificate="$work/ca.pem" -T 60 -t 1 "$@"; }
  fetch() {
    for n in 1 2 3 4 5 6 7 8; do ask -c -O "$2" "$url/$1" && return 0; sleep 2; done
    return 1
  }
  post() { ask --header='content-type: application/json' --post-file="$2" -O "$3" "$url/$1"; }
else
  fail "expected curl or wget on the board: apt-get install curl"
fi
`;

/**
 * Has the board fetch one file of a release into the staging folder, behind what an upload brought of it, and puts it in its
 * place when it is what it should be. An upload that still hangs writes into a file that is no more.
 */
export function fetchFileScript({ url, token, caPem }: HubOffer, file: RuntimeFile): string {
  const path = `${STAGING}/${file.name}`;
  const part = `${path}.part`;
  const hex = file.digest.replace("sha256:", "");
  return `work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*" >&2; exit 1; }
url=${url} token=${token}
cat > "$work/ca.pem" <<'JETFLEET_CA'
${caPem.trim()}
JETFLEET_CA
${FETCH}
whole() { echo "${hex}  ${part}" | sha256sum -c --status 2>/dev/null; }
if [ -f ${part} ]; then cp ${part} ${part}.new; mv -f ${part}.new ${part}; fi
if ! whole; then
  fetch objects/${file.digest} ${part} || fail "the board cannot fetch ${file.name} from ${url}"
  whole || { rm -f ${part}; fail "what the board fetched as ${file.name} is other than it should be"; }
fi
chmod ${file.mode.toString(8)} ${part}
sync ${part}
mv -f -T ${part} ${path}
sync ${posix.dirname(path)}`;
}
