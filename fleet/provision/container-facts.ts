import { compareVersions } from "../boards/catalog/index.ts";
import { FleetError } from "../errors/index.ts";
import { DeviceContainer } from "../spec/index.ts";
import { CONTAINER_LABEL, CONTAINER_PIECE_PATH } from "./layout.ts";
import { saidByPiece } from "./runtime/index.ts";

/** What a board has to run containers with, and of ours. */
export interface ContainerFacts {
  /** What its agent is started in; null where it runs straight under the board's system. */
  container: DeviceContainer | null;
  /** Of the image that a program asks for; null where it asks for none, or nobody can say. */
  image: "present" | "absent" | null;
  /** Why what the program asks for cannot be run there, and what helps; null when nothing is known against it. */
  containerFault: { says: string; hint: string } | null;
}

/** For an engine that hangs; less than a question may take (ask-board.ts). */
const ANSWER_SECONDS = 20;
/**
 * Docker 20.10 knows `run --pull`; podman 4.1 the CDI specifications that NVIDIA's tools write.
 * @see docker/cli's `docs/reference/commandline/run.md`; the README of cncf-tags/container-device-interface
 */
const OLDEST = { docker: "20.10", podman: "4.1" } as const;

/** Part of the probe's script. `container` is what the program asks for: without it only what is there is asked. */
export function readContainer(container: DeviceContainer | null): string {
  const piece = `file containerPiece ${CONTAINER_PIECE_PATH}`;
  if (container === null) return piece;
  const { runtime, image } = container;
  const asks = {
    docker: "engine info --format '{{json .Runtimes}}'",
    podman: "engine info --format '{{.Host.OCIRuntime.Name}}'",
  };
  return `${piece}
engine() { code=0; timeout ${ANSWER_SECONDS} ${runtime} "$@" 2>&1 || code=$?; [ $code = 0 ] || echo "failed $code"; }
cdi() { timeout ${ANSWER_SECONDS} nvidia-ctk cdi list 2>&1 || echo "failed $?"; }
say engineVersion engine --version
say enginePath sh -c 'readlink -f "$(command -v ${runtime})"'
say engineInfo ${asks[runtime]}
${runtime === "podman" ? "say cdi cdi" : ""}
say image engine image inspect --format '{{.Os}}/{{.Architecture}}' ${image}
say agentContainer engine container inspect --format 'part {{index .Config.Labels "${CONTAINER_LABEL}"}}.' jetfleet-agent`;
}

export function tellContainer(
  answer: (name: string) => string | null,
  asked: DeviceContainer | null,
): ContainerFacts {
  const there = DeviceContainer.safeParse(saidByPiece(answer("containerPiece") ?? "")).data ?? null;
  if (asked === null) return { container: there, image: null, containerFault: null };
  const containerFault = judgeEngine((name) => (answer(name) ?? "").trim(), asked);
  const image = answer("image") ?? "";
  return {
    container: there,
    image: containerFault ? null : /failed \d+\s*$/.test(image) ? "absent" : "present",
    containerFault,
  };
}

const TOOLKIT =
  'Install nvidia-container-toolkit on it (NVIDIA Container Toolkit, "Installing the NVIDIA Container Toolkit")';

function judgeEngine(
  word: (name: string) => string,
  { runtime }: DeviceContainer,
): ContainerFacts["containerFault"] {
  const other = runtime === "docker" ? "podman" : "docker";
  const versionText = word("engineVersion");
  const info = word("engineInfo");
  const fault = (says: string, hint: string) => ({ says, hint });
  if (/failed 127$/.test(versionText))
    return fault(
      `it has no ${runtime}`,
      `Install ${runtime === "docker" ? "Docker Engine" : "podman"} and nvidia-container-toolkit on it, or set container.runtime to ${other} if it has that.`,
    );
  if (runtime === "docker" && /podman/i.test(versionText))
    return fault("its docker is podman by another name", "Set container.runtime to podman.");
  if (/\/snap$|\/snap\//.test(word("enginePath")))
    return fault(
      "its docker is a snap, which sees neither /opt nor the card's driver",
      "Remove the snap (`sudo snap remove docker`) and install Docker Engine from Docker's own or the distribution's packages.",
    );
  const version = /\d+\.\d+/.exec(versionText)?.[0] ?? "";
  const oldest = OLDEST[runtime];
  if (version === "" || compareVersions(version, oldest) < 0)
    return fault(
      `its ${runtime} is ${version || `of an unknown version (${short(versionText)})`}, and ${oldest} is needed`,
      `Upgrade ${runtime} on it.`,
    );
  if (/failed 124$/.test(info))
    return fault(
      `its ${runtime} says nothing for ${ANSWER_SECONDS} s`,
      `Look at \`journalctl -u ${runtime}\` on it, and restart it: \`sudo systemctl restart ${runtime}\`.`,
    );
  if (/failed \d+$/.test(info))
    return fault(
      `its ${runtime} does not answer: ${short(info)}`,
      runtime === "docker"
        ? "Start it: `sudo systemctl enable --now docker`; what it says when it does not start is in `journalctl -u docker`."
        : "See what `sudo podman info` says on it.",
    );
  return judgeNvidia(word, runtime, info) ?? judgeName(word("agentContainer"), runtime);
}

function judgeNvidia(
  word: (name: string) => string,
  runtime: DeviceContainer["runtime"],
  info: string,
): ContainerFacts["containerFault"] {
  if (runtime === "docker") {
    if (/"nvidia" *:/.test(info)) return null;
    return {
      says: "its docker has no NVIDIA runtime",
      hint: `${TOOLKIT}, then: \`sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker\`.`,
    };
  }
  const cdi = word("cdi");
  if (/failed 127$/.test(cdi)) return { says: "it has no nvidia-ctk", hint: `${TOOLKIT}.` };
  if (/^nvidia\.com\/gpu=all$/m.test(cdi)) return null;
  return {
    says: `no CDI specification on it has all cards (nvidia.com/gpu=all): ${short(cdi) || "nvidia-ctk lists none"}`,
    hint: "Make it: `sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`; again after each upgrade of the driver.",
  };
}

function judgeName(text: string, runtime: string): ContainerFacts["containerFault"] {
  const part = /^part (.*)\.$/m.exec(text)?.[1];
  if (part === undefined || part === "agent") return null;
  return {
    says: "a container that is not ours has the name jetfleet-agent on it",
    hint: `Give it another name (\`sudo ${runtime} rename jetfleet-agent NAME\`) or remove it.`,
  };
}

function short(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 200);
}

/** Throws BOARD_CONTAINER where what is asked for cannot be run, before anything is changed. */
export function requireContainer(
  { board, containerFault }: Pick<ContainerFacts, "containerFault"> & { board: string },
  asked: DeviceContainer | undefined,
  address: string,
): void {
  if (asked === undefined) return;
  if (board !== "x86") throw noContainer(board, ` at ${address}`);
  if (containerFault === null) return;
  throw new FleetError(
    "BOARD_CONTAINER",
    `Expected the board at ${address} to run containers by ${asked.runtime} but ${containerFault.says}. Nothing was changed`,
    { hint: containerFault.hint },
  );
}

/** On a Jetson the system's own libraries are JetPack's, which containers would need as they are. */
export function noContainer(board: string, where = ""): FleetError {
  return new FleetError(
    "BOARD_CONTAINER",
    `Expected a PC (board x86) for containers but the board${where} is ${board}`,
    { hint: "Leave out `container`: on a Jetson the agent runs straight under JetPack." },
  );
}
