import { CARD_SENTENCES } from "../boards/index.ts";
import type { CardTroubleKind } from "../contract/index.ts";
import { quoteArgument } from "../ssh/index.ts";
import { CARD_FUNCTIONS } from "./card-facts.ts";
import { CARD_FACTS } from "./layout.ts";
import { CARD_LIBRARIES, cardTold } from "./preflight.ts";

/*
 * What provisioning over SSH finds of a PC's card, told by the installer of a PC that is enrolled: in shell, out of the same
 * tables, as nothing of ours runs there yet.
 */

/** Of the alternatives that JavaScript and grep write alike. */
const pattern = (text: RegExp) => quoteArgument(text.source.replaceAll("\\/", "/"));

/** A finding for this kind of trouble, with what nvidia-smi said in place of `$says`. */
function trouble(kind: CardTroubleKind): string {
  const [before = "", after = ""] = cardTold({ kind, says: "\0" }).split("\0");
  return `note ${quoteArgument(before)}"$1"${quoteArgument(after)}`;
}

const TROUBLES = CARD_SENTENCES.map(
  ([sentence, kind]) => `elif echo "$smi" | grep -Eiq ${pattern(sentence)}; then ${trouble(kind)}`,
).join("\n  ");

/**
 * `tell_card` prints driver, CUDA and TensorRT, and what is not as models want it, and leaves both where the agent reports them
 * from. Asks for `fail`, `lack` and `work` of the installer. A card without a driver is no board yet.
 */
export const TELL_CARD = `
${CARD_FUNCTIONS}
findings=
note() { findings="$findings$*
"; }
version() { sed -n "s|.*$1\\([0-9]\\{1,4\\}\\(\\.[0-9]\\{1,4\\}\\)\\{1,3\\}\\).*|\\1|p" | head -n 1; }
ask_card() {
  smi=$(smi)
  driver=$(sed 's/Module for [a-z0-9_]*/Module/' /proc/driver/nvidia/version | version 'Module  *')
  cuda=$(echo "$smi" | version 'CUDA Version: ')
  libraries=$(cardLibraries)
  tensorrt=$(echo "$libraries" | version '/libnvinfer\\.so\\.')
  rtx=$(echo "$libraries" | version '/libtensorrt_rtx\\.so\\.')
  set -- "$(echo "$smi" | head -n 1 | tr -s ' ' | tr -cd 'A-Za-z0-9 ,.:()_/-' | cut -c 1-200)"
  if [ "$smi" = absent ]; then set -- 'nvidia-smi is not installed'; ${trouble("no-tool")}
  elif [ "$smi" = silent ]; then set -- 'nvidia-smi says nothing'; ${trouble("hangs")}
  ${TROUBLES}
  elif ! echo "$smi" | grep -q 'Driver Version:'; then ${trouble("unreadable")}
  fi
  loader=$(ldconfig -p)
${CARD_LIBRARIES.map(([library, says]) => `  echo "$loader" | grep -Eq ${pattern(library)} || note ${quoteArgument(says)}`).join("\n")}
}
told() { if [ -n "$1" ]; then echo "$1"; else echo none; fi; }
tell_card() {
  ask_card
  echo "jetfleet: driver \${driver:-of an unknown version}, CUDA \${cuda:-unknown}, TensorRT $(told "$tensorrt"), TensorRT-RTX $(told "$rtx")"
  [ -z "$findings" ] || printf '%s' "$findings" | sed 's/^/jetfleet: note: /'
}
keep_card() {
  { echo "driver $driver"; echo "cuda $cuda"; echo "tensorrt $tensorrt"; echo "tensorrtRtx $rtx"
    [ -z "$findings" ] || printf '%s' "$findings" | sed 's/^/finding /'; } > ${CARD_FACTS}.new
  chmod 0644 ${CARD_FACTS}.new
  mv ${CARD_FACTS}.new ${CARD_FACTS}
}`;
