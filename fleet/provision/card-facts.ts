import { CARD_FIELDS, parseCardLine } from "../boards/index.ts";
import type { CardTrouble } from "../contract/index.ts";

/** What the driver and the libraries of a PC's card are; all null of other boards. */
export interface CardFacts {
  /** Of the driver that the kernel has, such as 580.159.04. */
  driver: string | null;
  /** The newest CUDA that the driver runs. */
  cuda: string | null;
  /** What keeps the card from being used, as nvidia-smi says it. */
  cardTrouble: CardTrouble | null;
  /** TensorRT and TensorRT-RTX that the loader finds, whoever brought them. */
  cardTensorrt: string | null;
  tensorrtRtx: string | null;
  /** NVIDIA's cards that stand in a slot, by bus and model, whether or not there is a driver. */
  slots: string[];
}

/** A driver that nobody uses is loaded for it, card by card; less than a question may take (ask-board.ts). */
const ANSWER_SECONDS = 20;

/** A nvidia-smi that hangs in the kernel cannot be ended: it is left behind, and holds nothing that anybody waits for. */
const SMI = `
smi() {
  command -v nvidia-smi > /dev/null || { echo absent; return; }
  out=$(mktemp); ticks=0
  (nvidia-smi > "$out" 2>&1 < /dev/null || true; : > "$out.done") > /dev/null 2>&1 < /dev/null &
  while [ ! -e "$out.done" ] && [ $ticks -lt ${ANSWER_SECONDS * 5} ]; do sleep 0.2; ticks=$((ticks + 1)); done
  if [ -e "$out.done" ]; then head -c 4000 "$out"; else echo silent; kill -9 $! 2> /dev/null || true; fi
  rm -f "$out" "$out.done"
}`;

const CARD_LIBRARY_FILES = `
cardLibraries() {
  PATH=$PATH:/usr/sbin:/sbin ldconfig -p |
    sed -n 's,.*=> \\(/.*/lib\\(nvinfer\\|tensorrt_rtx\\)[.]so[.][0-9]*\\)$,\\1,p' |
    while read -r one; do readlink -f "$one"; done
}`;

const SLOTS = `
slots() {
  for one in /sys/bus/pci/devices/*; do
    [ "$(cat "$one/vendor" 2> /dev/null)" = 0x10de ] || continue
    case "$(cat "$one/class")" in 0x03*) echo "\${one##*/} $(cat "$one/device")" ;; esac
  done
}`;

/** `smi`, `cardLibraries` and `slots` print what they find; none of them changes anything. */
export const CARD_FUNCTIONS = `${SMI}${CARD_LIBRARY_FILES}${SLOTS}`;

/** Part of a script with `SAY`. */
export const READ_SMI = `${SMI}
say smi smi`;

/** Part of the probe's script. */
export const READ_CARD = `${CARD_FUNCTIONS}
say slots slots
if [ -d /proc/driver/nvidia ]; then
  file cardDriver /proc/driver/nvidia/version
  say smi smi
  say cardLibraries cardLibraries
fi`;

export function tellCardFacts(answer: (name: string) => string | null, board: string): CardFacts {
  const slots = (answer("slots") ?? "").split("\n").flatMap((line) => {
    const [, bus, device] = /^([0-9a-f:.]{1,16}) 0x([0-9a-f]{4})$/.exec(line.trim()) ?? [];
    return bus === undefined ? [] : [`10de:${device} at ${bus}`];
  });
  const nothing = { driver: null, cuda: null, cardTrouble: null };
  if (board !== "x86") return { ...nothing, cardTensorrt: null, tensorrtRtx: null, slots };
  const smi = answer("smi") ?? "";
  const libraries = answer("cardLibraries") ?? "";
  const version = "(\\d{1,4}(?:\\.\\d{1,4}){1,3})";
  const found = (pattern: string, text: string) =>
    new RegExp(pattern.replace("VERSION", version)).exec(text)?.[1] ?? null;
  return {
    // Of a mismatch it is the kernel's that counts, and of nvidia-smi's silence the only one.
    driver:
      found("Module(?: for \\w+)? +VERSION", answer("cardDriver") ?? "") ??
      found("Driver Version: VERSION", smi),
    cuda: found("CUDA Version: VERSION", smi),
    cardTrouble: troubleIn(smi),
    cardTensorrt: found("/libnvinfer\\.so\\.VERSION", libraries),
    tensorrtRtx: found("/libtensorrt_rtx\\.so\\.VERSION", libraries),
    slots,
  };
}

/** What keeps the card from being used, by what `smi` printed. */
export function troubleIn(smi: string): CardTrouble | null {
  const text = smi.trim();
  if (text === "absent" || text === "")
    return { kind: "no-tool", says: "nvidia-smi is not installed" };
  if (text === "silent")
    return { kind: "hangs", says: `nvidia-smi says nothing for ${ANSWER_SECONDS} s` };
  for (const line of text.split("\n")) {
    const parsed = parseCardLine(line, CARD_FIELDS);
    if (parsed?.line === "trouble") return parsed.trouble;
  }
  if (/Driver Version:/.test(text)) return null;
  return { kind: "unreadable", says: text.replaceAll(/\s+/g, " ").slice(0, 200) };
}
