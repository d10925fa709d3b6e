import { posix } from "node:path";
import { quoteArgument } from "./shell-command.ts";

/** Fewer bytes came than were sent: the connection went. */
export const CUT_SHORT = 75;
/** All bytes came, and they are others. */
export const DAMAGED = 65;

/** What a board has of a file. */
export interface Found {
  /** Digest of the file in its place; null when there is none. */
  whole: string | null;
  /** Bytes that an earlier attempt brought, and their digest. */
  part: { sizeBytes: number; digest: string } | null;
}

/** Prints what is there of a file, for `parseFound`. */
export function findScript(path: string): string {
  const [file, part] = [quoteArgument(path), quoteArgument(partOf(path))];
  return `if [ -f ${file} ]; then printf 'whole '; sha256sum < ${file}; fi
if [ -f ${part} ]; then printf 'part %s ' "$(stat -c %s ${part})"; sha256sum < ${part}; fi`;
}

export function parseFound(output: string): Found {
  const whole = /^whole ([0-9a-f]{64})\b/m.exec(output)?.[1];
  const [, size, digest] = /^part (\d{1,15}) ([0-9a-f]{64})\b/m.exec(output) ?? [];
  return {
    whole: whole === undefined ? null : `sha256:${whole}`,
    part: size === undefined ? null : { sizeBytes: Number(size), digest: `sha256:${digest}` },
  };
}

export interface ReceiveOrder {
  path: string;
  mode: number;
  /** Of the part that is there and good; 0 begins anew. */
  fromByte: number;
  sizeBytes: number;
  digest: string;
}

/**
 * Takes a file from standard input behind what is there of it, says every moment how much there is by now, and puts it
 * in its place when it is whole and what it should be. A former attempt that still hangs writes into a file that is no
 * more.
 */
export function receiveScript({ path, mode, fromByte, sizeBytes, digest }: ReceiveOrder): string {
  const [file, part] = [quoteArgument(path), quoteArgument(partOf(path))];
  const begin = fromByte === 0 ? `: > ${part}.new` : `cp ${part} ${part}.new`;
  // On a full disk nothing stays: a part would be in the way of whoever makes room.
  const clear = `rm -f ${part} ${part}.new`;
  return `set -e
umask 077
export LC_ALL=C
rm -f ${part}.new
${begin} || { code=$?; ${clear}; exit $code; }
mv -f ${part}.new ${part}
size() { stat -c %s ${part}; }
{ while sleep 0.2 > /dev/null 2>&1; do size 2> /dev/null || exit; done; } < /dev/null &
teller=$!
code=0; cat >> ${part} || code=$?
kill $teller 2> /dev/null || true
[ $code = 0 ] || { ${clear}; exit $code; }
size
[ "$(size)" -ge ${sizeBytes} ] || exit ${CUT_SHORT}
got=$(sha256sum < ${part}); got=\${got%% *}
if [ "$got" != ${digest.replace("sha256:", "")} ]; then rm -f ${part}; echo "content sha256:$got" >&2; exit ${DAMAGED}; fi
chmod ${mode.toString(8)} ${part}
sync ${part}
mv -f -T ${part} ${file}
sync ${quoteArgument(posix.dirname(path))}`;
}

function partOf(path: string): string {
  return `${path}.part`;
}
