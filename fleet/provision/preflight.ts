import { jetpackRelease } from "../boards/catalog/index.ts";
import { cardHint } from "../boards/index.ts";
import type { CardTrouble } from "../contract/index.ts";
import { FleetError } from "../errors/index.ts";
import type { SshSession } from "../ssh/index.ts";
import { parseAnswers, SAY } from "./answers.ts";
import { askBoard } from "./ask-board.ts";
import { BASE, CONFIG_DIR, STATE_DIR, UNIT_DIR } from "./layout.ts";
import type { BoardProbe } from "./probe.ts";

/** What a board lacks, as it is told before anything is changed. */
export interface Finding {
  /** A sentence for people, without its full stop. */
  says: string;
  /** Without it nothing of ours runs; else something is slower or missing. */
  isFatal: boolean;
  /** Debian packages that would mend it. */
  packages: string[];
}

/** Elements that every pipeline is made of, or its source is, by the package that brings them. */
const NEEDED_ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  "gstreamer1.0-plugins-base": ["parsebin", "videoconvert"],
  "gstreamer1.0-plugins-good": ["rtspsrc", "rtph264depay", "qtdemux"],
  "gstreamer1.0-plugins-bad": ["h264parse"],
};
/** NVIDIA's decoder is in a package that JetPack 6.0 does not install; the processor's does for all boards. */
const NVIDIA_DECODER = { element: "nvv4l2decoder", package: "nvidia-l4t-gstreamer" };
const CPU_DECODER = { element: "avdec_h264", package: "gstreamer1.0-libav" };

const ELEMENTS = [
  ...Object.values(NEEDED_ELEMENTS).flat(),
  NVIDIA_DECODER.element,
  CPU_DECODER.element,
];

/**
 * A registry of plug-ins that is thrown away, where GStreamer would write one for root. It begins as the one that whoever
 * asks has, of which only what changed since is looked at: all of it takes seconds.
 */
const MAKE_REGISTRY = `registry=$(mktemp)
  cat "\${XDG_CACHE_HOME:-\${HOME-}/.cache}/gstreamer-1.0/registry.$(uname -m).bin" >"$registry" 2>/dev/null || rm -f "$registry"`;

/**
 * Part of a script with `SAY`, which asks without changing anything. Elements are looked for, not packages: images bring
 * them in packages of other names, and have packages without them.
 */
export const READ_ELEMENTS = `
PATH=$PATH:/usr/sbin:/sbin
elements() {
  ${MAKE_REGISTRY}
  GST_REGISTRY="$registry" gst-inspect-1.0 | grep -Eo ': +(${ELEMENTS.join("|")}):' | tr -d ': '
  rm -f "$registry"
}
say inspect command -v gst-inspect-1.0
say elements elements
say libraries sh -c "ldconfig -p | grep -Eo 'lib(gstreamer-1[.]0|nvrtc|cuda|nvinfer|tensorrt_rtx)[.]so[.][0-9]+' | sort -u"
`;

export const PREFLIGHT_SCRIPT = `
${SAY}
${READ_ELEMENTS}
say clock date +%s
file mounts /proc/mounts
`;

/**
 * The same for a board that is asked by its own installer, in shell: only what nothing runs without, with `fail` for whoever
 * stands at the board. What it cannot tell it lets pass.
 */
export const REFUSE_WHAT_LACKS = `
lacks= packages=
lack() { lacks="$lacks; $1"; packages="$packages \${2-}"; }
if ! ldconfig -p 2>/dev/null | grep -q 'libgstreamer-1[.]0'; then
  lack 'it has no GStreamer' '${[...Object.keys(NEEDED_ELEMENTS), CPU_DECODER.package].join(" ")}'
elif command -v gst-inspect-1.0 >/dev/null; then
  ${MAKE_REGISTRY}
  elements=" $(GST_REGISTRY="$registry" gst-inspect-1.0 2>/dev/null | grep -Eo ': +(${ELEMENTS.join("|")}):' | tr -d ': ' | tr '\\n' ' ')"
  rm -f "$registry"
  has() { case "$elements" in *" $1 "*) ;; *) return 1 ;; esac; }
${Object.entries(NEEDED_ELEMENTS)
  .map(
    ([name, elements]) =>
      `  for one in ${elements.join(" ")}; do has $one || lack "GStreamer lacks $one" ${name}; done`,
  )
  .join("\n")}
  has ${NVIDIA_DECODER.element} || has ${CPU_DECODER.element} || lack 'GStreamer has no decoder of H.264' ${CPU_DECODER.package}
fi
for folder in ${[BASE, CONFIG_DIR, UNIT_DIR, STATE_DIR].join(" ")}; do
  there=$folder; while [ ! -e "$there" ]; do there=$(dirname "$there"); done
  [ -w "$there" ] || lack "$folder is on a file system that is mounted read-only"
done
there=${BASE}; while [ ! -e "$there" ]; do there=$(dirname "$there"); done
case ",$(findmnt -n -o OPTIONS --target "$there" 2>/dev/null || true)," in
  *,noexec,*) lack 'programs in ${BASE} may not be run (noexec)' ;;
esac
packages=$(printf '%s\\n' $packages | sort -u | tr '\\n' ' ')
[ -z "$lacks" ] || fail "the board lacks what the agent needs\${packages:+ (apt-get install $packages)}: \${lacks#; }. Nothing was changed"
`;

export async function preflight(
  connection: SshSession,
  probe: BoardProbe & { inContainer: boolean },
  signal: AbortSignal,
): Promise<Finding[]> {
  const label = "looking for what the board lacks";
  const output = await askBoard(connection, PREFLIGHT_SCRIPT, { label, signal });
  return judgePreflight(output, probe, Date.now());
}

/** Throws BOARD_LACKS, with all of it, when something is fatal. */
export function requireNothingFatal(findings: readonly Finding[], address: string): void {
  const fatal = findings.filter(({ isFatal }) => isFatal);
  if (fatal.length === 0) return;
  const packages = packagesOf(fatal);
  const remedy =
    packages.length > 0
      ? {
          hint: `\`sudo apt-get install ${packages.join(" ")}\` on the board brings what is missing.`,
        }
      : {};
  throw new FleetError(
    "BOARD_LACKS",
    `Expected the board at ${address} to have all that the agent needs but ${fatal.map(({ says }) => says).join("; ")}. ` +
      "Nothing was changed",
    remedy,
  );
}

export function packagesOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.flatMap(({ packages }) => packages))].sort();
}

/** Pure: what the answers of the script mean for such a board. */
export function judgePreflight(output: string, board: Board, nowMs: number): Finding[] {
  const answers = parseAnswers(output);
  const words = (name: string) => (answers.get(name) ?? "").split("\n").filter((one) => one !== "");
  const libraries = words("libraries").join(" ");
  const found = words("inspect").length > 0 ? words("elements") : null;
  // In a container it is the image that has them, or not.
  const isOwnSystem = !board.inContainer;
  return [
    ...(isOwnSystem ? judgeElements(libraries, found, board) : []),
    ...judgeCard(board),
    ...(isOwnSystem ? judgeNvrtc(libraries, board) : []),
    ...judgeMounts(answers.get("mounts") ?? ""),
    ...judgeClock(words("clock")[0] ?? "", nowMs),
  ];
}

type Board = Pick<BoardProbe, "board" | "jetpack" | "simulated"> &
  Partial<Pick<BoardProbe, "cardTrouble">> & {
    /** Agent and runners are to run in containers. */
    inContainer?: boolean;
  };

/** It has a card and a driver, or it would be no board; whether they can be used is another thing. */
function judgeCard({ cardTrouble }: Board): Finding[] {
  if (!cardTrouble) return [];
  return [{ says: cardTold(cardTrouble), isFatal: false, packages: [] }];
}

/** What a card means that cannot be used, and what helps. */
export function cardTold(trouble: CardTrouble): string {
  const remedy = cardHint(trouble)?.replace(/\.$/, "");
  const told = `models run on the processor while its card cannot be used (${trouble.kind}: ${trouble.says})`;
  return remedy ? `${told}. ${remedy}` : told;
}

export function judgeElements(libraries: string, found: string[] | null, board: Board): Finding[] {
  if (!libraries.includes("libgstreamer-1.0")) {
    const packages = [...Object.keys(NEEDED_ELEMENTS), CPU_DECODER.package];
    return [{ says: "it has no GStreamer", isFatal: true, packages }];
  }
  if (found === null) {
    const says = "which GStreamer elements it has is not known, for it has no gst-inspect-1.0";
    return [{ says, isFatal: false, packages: ["gstreamer1.0-tools"] }];
  }
  const missing = Object.entries(NEEDED_ELEMENTS).flatMap(([name, elements]): Finding[] => {
    const absent = elements.filter((element) => !found.includes(element));
    if (absent.length === 0) return [];
    return [{ says: `GStreamer lacks ${absent.join(", ")}`, isFatal: true, packages: [name] }];
  });
  return [...missing, ...judgeDecoders(found, board)];
}

function judgeDecoders(found: readonly string[], { board, simulated }: Board): Finding[] {
  const isJetson = board !== "x86" && !simulated;
  const hasNvidia = found.includes(NVIDIA_DECODER.element);
  if (!hasNvidia && !found.includes(CPU_DECODER.element)) {
    const both = [...(isJetson ? [NVIDIA_DECODER] : []), CPU_DECODER];
    const says = `GStreamer has no decoder of H.264 (${both.map(({ element }) => element).join(" or ")})`;
    return [{ says, isFatal: true, packages: both.slice(0, 1).map((one) => one.package) }];
  }
  if (hasNvidia || !isJetson) return [];
  const says = `GStreamer lacks ${NVIDIA_DECODER.element}: video is decoded by the processor`;
  return [{ says, isFatal: false, packages: [NVIDIA_DECODER.package] }];
}

export function judgeNvrtc(libraries: string, { board, jetpack, simulated }: Board): Finding[] {
  if (simulated) return [];
  if (board === "x86") return judgeCardLibraries(libraries);
  const findings: Finding[] = [];
  if (!/libcuda\.so/.test(libraries)) {
    const says = "it has no libcuda: models run on the processor";
    findings.push({ says, isFatal: false, packages: ["nvidia-l4t-cuda"] });
  }
  if (/libnvrtc\.so/.test(libraries)) return findings;
  const cuda = jetpack === null ? undefined : jetpackRelease(jetpack)?.cuda;
  const version = cuda?.split(".").slice(0, 2).join("-");
  const says = "it has no libnvrtc: pictures are prepared by the processor";
  const packages = version === undefined ? [] : [`cuda-nvrtc-${version}`];
  return [...findings, { says, isFatal: false, packages }];
}

/** What a PC lacks without these. They come under names of many packages, or from an archive: none is proposed. */
export const CARD_LIBRARIES: readonly (readonly [RegExp, string])[] = [
  [/libcuda\.so/, "it has no libcuda, which the card's driver brings: models run on the processor"],
  [
    /lib(nvinfer|tensorrt_rtx)\.so/,
    "it has neither TensorRT (libnvinfer) nor TensorRT-RTX (libtensorrt_rtx): models run on the processor",
  ],
  [/libnvrtc\.so/, "it has no libnvrtc: pictures are prepared by the processor"],
];

function judgeCardLibraries(libraries: string): Finding[] {
  return CARD_LIBRARIES.flatMap(([library, says]) =>
    library.test(libraries) ? [] : [{ says, isFatal: false, packages: [] }],
  );
}

interface Mount {
  device: string;
  path: string;
  type: string;
  options: string[];
}

function judgeMounts(text: string): Finding[] {
  const mounts = text.split("\n").flatMap((line): Mount[] => {
    const [device = "", path = "", type = "", options = ""] = line.split(" ");
    return path.startsWith("/") ? [{ device, path, type, options: options.split(",") }] : [];
  });
  if (mounts.length === 0) return [];
  const fatal = (says: string): Finding => ({ says, isFatal: true, packages: [] });
  const findings: Finding[] = [];
  for (const folder of [BASE, CONFIG_DIR, UNIT_DIR, STATE_DIR]) {
    if (mountOf(mounts, folder)?.options.includes("ro"))
      findings.push(fatal(`${folder} is on a file system that is mounted read-only`));
  }
  const base = mountOf(mounts, BASE);
  if (base?.options.includes("noexec"))
    findings.push(fatal(`programs in ${BASE} may not be run (noexec)`));
  if (base && (base.type === "tmpfs" || base.device === "overlayroot")) {
    const says = `what is put into ${BASE} is gone after a power cut (${base.device})`;
    findings.push({ says, isFatal: false, packages: [] });
  }
  if (mountOf(mounts, "/tmp")?.options.includes("noexec")) {
    const says =
      "programs in /tmp may not be run (noexec): TensorRT may fail to load what it unpacks there";
    findings.push({ says, isFatal: false, packages: [] });
  }
  return findings;
}

/** The mount that a path lies on; of several at one place the last. */
function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const above = mounts.filter((one) => one.path === "/" || `${path}/`.startsWith(`${one.path}/`));
  return above.reduce<Mount | undefined>(
    (best, one) => (best && best.path.length > one.path.length ? best : one),
    undefined,
  );
}

/** A device sets its own time by the hub's; until then certificates may seem to be of another time. */
const CLOCK_TOLERANCE_S = 300;

function judgeClock(seconds: string, nowMs: number): Finding[] {
  if (!/^\d{1,12}$/.test(seconds)) return [];
  const behindS = Math.round(nowMs / 1000) - Number(seconds);
  if (Math.abs(behindS) <= CLOCK_TOLERANCE_S) return [];
  const minutes = Math.round(Math.abs(behindS) / 60);
  const says = `its clock is ${minutes} min ${behindS > 0 ? "behind" : "ahead of"} this machine's`;
  return [{ says, isFatal: false, packages: [] }];
}
