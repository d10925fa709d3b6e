import { FleetError } from "../errors/index.ts";
import type { DeviceContainer } from "../spec/index.ts";
import { parseAnswers, SAY } from "./answers.ts";
import { runAsRoot } from "./board-shell.ts";
import { READ_SMI, troubleIn } from "./card-facts.ts";
import {
  BASE,
  CONTAINER_LABEL,
  CONTAINER_PIECE_PATH,
  CURRENT,
  PULLED_IMAGES,
  STATE_DIR,
} from "./layout.ts";
import { type Finding, judgeElements, judgeNvrtc, READ_ELEMENTS } from "./preflight.ts";
import { MAKE_USERS } from "./rights.ts";
import { unitFiles } from "./runtime/index.ts";
import type { SendJob } from "./send-files.ts";

/** The board tells how far a pull is every second. */
const PROGRESS_MS = 60_000;
/** A pull that gets nothing for so long is given up; a layer of NVIDIA's of some GB is one line of output. */
const STALLED_SECONDS = 1800;
/** A first start of a container has the driver's libraries looked for; asking GStreamer has all plug-ins loaded. */
const TRIAL_MS = 180_000;

/**
 * Pulls the image. That it is ours is on disk before. Prints `progress DONE OF` and in the end `ok` or `refused WHY`. What is
 * of another architecture goes at once.
 */
export function pullImageScript({ runtime, image }: DeviceContainer): string {
  return `
export LC_ALL=C HOME=/root
mkdir -p ${BASE}
{ cat ${PULLED_IMAGES} 2>/dev/null || true; echo "${runtime} ${image}"; } | sort -u > ${PULLED_IMAGES}.new
sync ${PULLED_IMAGES}.new
mv ${PULLED_IMAGES}.new ${PULLED_IMAGES}
sync ${BASE}
said=$(mktemp)
trap 'rm -f "$said" "$said.done"; kill $pulling 2>/dev/null || true' EXIT
trap 'exit 1' HUP INT TERM PIPE
(${runtime} pull ${image} > "$said" 2>&1 < /dev/null && echo ok > "$said.done" || echo failed > "$said.done") &
pulling=$!
count() { grep -Ec "$1" "$said" || true; }
still=0 bytes=0
while [ ! -e "$said.done" ]; do
  sleep 1
  echo "progress $(count ': (Pull complete|Already exists)|^Copying config') $(count ': (Pulling fs layer|Already exists)|^Copying (blob|config)')"
  now=$(wc -c < "$said")
  if [ "$now" = "$bytes" ]; then still=$((still + 1)); else still=0 bytes=$now; fi
  [ $still -lt ${STALLED_SECONDS} ] || { echo "refused nothing came for ${STALLED_SECONDS} s"; exit 0; }
done
if [ "$(cat "$said.done")" != ok ]; then echo "refused $(tail -n 3 "$said" | tr -s ' \\n' ' ' | cut -c 1-400)"; exit 0; fi
platform=$(${runtime} image inspect --format '{{.Os}}/{{.Architecture}}' ${image})
if [ "$platform" != linux/amd64 ]; then
  ${runtime} rmi ${image} > /dev/null 2>&1 || true
  echo "refused the image is of $platform and not of linux/amd64"
  exit 0
fi
echo ok`;
}

/** Throws BOARD_DISK_FULL or BOARD_IMAGE. A pull that ended early goes on with the layers that it has. */
export async function pullImage(
  { connection, operation }: SendJob,
  container: DeviceContainer,
): Promise<void> {
  const { signal } = operation;
  operation.status(`pulling ${container.image} on the board`);
  const answer = await runAsRoot(connection, pullImageScript(container), {
    ...{ label: "pulling the image", signal, timeoutMs: PROGRESS_MS },
    onOutput: (data, deadline) => {
      deadline.restart();
      const [, done, of] = /progress (\d+) (\d+)\s*$/.exec(data.toString("latin1")) ?? [];
      if (of !== undefined && of !== "0")
        operation.status(`pulling the image on the board: ${done} of ${of} layers`);
    },
  });
  const line = answer.trim().split("\n").at(-1) ?? "";
  if (line !== "ok")
    throw pullFailed(line.replace(/^refused /, "") || "no answer", connection.address, container);
}

const PULL_HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /no matching manifest|not of linux\/amd64|no image found in (manifest|image index)/i,
    "Name the digest of the image for linux/amd64, or of its list of all.",
  ],
  [
    /unauthorized|authentication required|access denied|denied:/i,
    "Log in to the registry there as root: `sudo docker login REGISTRY`, or `sudo podman login REGISTRY`.",
  ],
  [/manifest unknown|not found|repository .* not exist/i, "Correct the image's name or digest."],
  [
    /timeout|timed out|no such host|connection|TLS|EOF|network|dial tcp|nothing came/i,
    "Run `up` again: the layers that came stay there. Without internet bring the image there by hand.",
  ],
];

/** By what the engines say. */
export function pullFailed(
  says: string,
  address: string,
  { runtime, image }: DeviceContainer,
): FleetError {
  if (/no space left on device/i.test(says))
    return new FleetError(
      "BOARD_DISK_FULL",
      `Expected room on the board at ${address} for ${image} but: ${says}`,
      {
        hint: `Free space where ${runtime} keeps images (\`sudo ${runtime} system df\`), then run \`up\` again.`,
      },
    );
  const hint = PULL_HINTS.find(([pattern]) => pattern.test(says))?.[1];
  return new FleetError(
    "BOARD_IMAGE",
    `Expected the board at ${address} to pull ${image} but: ${says}`,
    hint === undefined ? {} : { hint },
  );
}

const LOAD = `for (const name of fs.readdirSync(".").filter((one) => one.endsWith(".node")))
  process.dlopen({ exports: {} }, process.cwd() + "/" + name, 2);
console.log("loaded");`;

/** What is asked in there, with the rights of a runner. */
const ASK = `${SAY}
load() { cd ${CURRENT} && bin/node -e '${LOAD}' 2>&1 | grep -v '^ *at ' | head -c 600; }
${READ_ELEMENTS}
${READ_SMI}
say libc getconf GNU_LIBC_VERSION
say load load
`;

/** Runs the questions in a container that is started as a runner's is; that itself failing is the answer `started`. */
function tryImageScript(container: DeviceContainer): string {
  return `${MAKE_USERS}
mkdir -p -m 0710 ${STATE_DIR}
launcher=$(mktemp) asks=$(mktemp) said=$(mktemp)
trap 'rm -f "$launcher" "$asks" "$said"' EXIT
cat > "$launcher" <<'JETFLEET_LAUNCHER'
${unitFiles(container)[CONTAINER_PIECE_PATH]}JETFLEET_LAUNCHER
cat > "$asks" <<'JETFLEET_ASKS'
${ASK}JETFLEET_ASKS
${SAY}
code=0
sh "$launcher" trial < "$asks" 2> "$said" || code=$?
started() { echo "$code"; head -c 600 "$said"; }
say started started`;
}

/** Throws BOARD_CONTAINER or BOARD_IMAGE; tells what is lacking in it, as of a board without containers. */
export async function tryImage(
  { connection, operation }: SendJob,
  container: DeviceContainer,
): Promise<void> {
  const { signal, log } = operation;
  operation.status("trying the image");
  const options = { label: "trying the image", signal, timeoutMs: TRIAL_MS };
  const answer = await runAsRoot(connection, tryImageScript(container), options);
  for (const { says } of requireImage(answer, container, connection.address))
    log("warning", `${container.image.replace(/@.*/, "")}: ${says}`);
}

/** Pure: resolves to what is not fatal. */
export function requireImage(
  output: string,
  { runtime, image }: DeviceContainer,
  address: string,
): Finding[] {
  const answers = parseAnswers(output);
  const text = (name: string) => (answers.get(name) ?? "").trim();
  const [code = "", ...lines] = text("started").split("\n");
  if (code !== "0") {
    const says =
      lines.join(" ").replaceAll(/\s+/g, " ").slice(0, 400) ||
      `${runtime} ended with ${code || "no word"}`;
    const isImage = /exec format error|no such file or directory|executable file/i.test(says);
    throw new FleetError(
      isImage ? "BOARD_IMAGE" : "BOARD_CONTAINER",
      `Expected a container of ${image} to start at ${address} but: ${says}`,
    );
  }
  const words = (name: string) =>
    text(name)
      .split("\n")
      .filter((one) => one !== "");
  const libraries = words("libraries").join(" ");
  const findings = [
    ...judgeElements(libraries, words("inspect").length > 0 ? words("elements") : null, IN_IMAGE),
    ...judgeNvrtc(libraries, IN_IMAGE),
    ...judgeLoad(text("load"), text("libc")),
    ...judgeSmi(text("smi")),
  ];
  const fatal = findings.filter(({ isFatal }) => isFatal).map(({ says }) => says);
  if (fatal.length === 0) return findings;
  throw new FleetError(
    "BOARD_IMAGE",
    `Expected all that the agent needs in ${image} but ${fatal.join("; ")}. What runs on the board at ${address} goes on`,
  );
}

const IN_IMAGE = { board: "x86", jetpack: null, simulated: false } as const;

function judgeLoad(said: string, libc: string): Finding[] {
  if (/^loaded$/m.test(said)) return [];
  const lines = said.split("\n").filter((line) => /GLIBC|cannot open|Error|not found/.test(line));
  const why = (lines[0] ?? said).replaceAll(/\s+/g, " ").slice(0, 300) || "no word";
  return [
    {
      says: `its libraries (${libc || "of an unknown glibc"}) do not run ours: ${why}`,
      isFatal: true,
      packages: [],
    },
  ];
}

/** The card is there outside, or the board were none. */
function judgeSmi(said: string): Finding[] {
  const trouble = troubleIn(said);
  if (trouble === null) return [];
  const { kind, says } = trouble;
  return [
    { says: `its card cannot be used in it (${kind}: ${says})`, isFatal: true, packages: [] },
  ];
}

/** Part of undoing: containers of ours, and images that were pulled for them. Prints what stays. */
export const REMOVE_CONTAINERS = `
remove_containers() {
  for engine in docker podman; do
    command -v $engine >/dev/null || continue
    for one in $(timeout 30 $engine ps --all --quiet --filter label=${CONTAINER_LABEL} 2>/dev/null || true); do
      timeout 30 $engine rm --force "$one" >/dev/null 2>&1 || true
    done
  done
  [ -e ${PULLED_IMAGES} ] || return 0
  while read -r engine image; do
    if ! timeout 20 "$engine" info >/dev/null 2>&1; then echo "Image $image stays, for $engine does not answer"; continue; fi
    timeout 20 "$engine" image inspect "$image" >/dev/null 2>&1 || continue
    said=$(timeout 60 "$engine" rmi "$image" 2>&1) || echo "Image $image stays: $(echo "$said" | tail -n 1)"
  done < ${PULLED_IMAGES}
}
if [ -e ${CONTAINER_PIECE_PATH} ] || [ -e ${PULLED_IMAGES} ]; then remove_containers; fi
`;
