import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import { homedir, machine } from "node:os";
import { dirname, join } from "node:path";
import { parseNvpmodelStatus } from "../../boards/nvpmodel.ts";
import { SIMULATED_BUILD_FILE, type SimulatedBuild } from "../../engine/index.ts";
import { CARD_FILE, type CardState, driverFiles, SLOT_FILES } from "./card-files.ts";
import { CONTAINER_FILE, type ContainerState, ENGINES } from "./container-files.ts";
import { fanFiles } from "./fan-files.ts";
import { writeGpuClockFiles } from "./gpu-clock-files.ts";
import { deviceTree, identityFiles } from "./identity-files.ts";
import { IMAGES, type PlayedBoard, type PlayedJetson } from "./images.ts";
import { powerModesOf } from "./power-modes.ts";
import { jetsonClocks, NVFANCONTROL } from "./shell-tools.ts";

/** Folders of a board's root. Those of the system (`usr`, `bin`, …) are binds made by enter.sh at every boot. */
const FOLDERS = [
  ...[
    "etc/alternatives",
    "etc/ssl",
    "etc/fonts",
    "etc/ld.so.conf.d",
    "etc/systemd/system",
    "etc/jetfleet",
  ],
  ...["home/nvidia/.ssh", "root", "opt", "srv", "mnt", "usr", "dev", "proc", "sys", "run", "tmp"],
  ...["var/lib/nvpmodel", "var/log/journal", "var/tmp", "var/cache"],
];

/** Files of the machine without which programs inside do not find libraries, names or time. */
const COPIED = [
  "ld.so.cache",
  "ld.so.conf",
  "resolv.conf",
  "localtime",
  "timezone",
  "services",
  "protocols",
];

/** Accounts of a board as it comes, as far as anything here asks for one; those that are added later stay. */
const ACCOUNTS = {
  "etc/passwd": `root:x:0:0:root:/root:/bin/bash
nvidia:x:1000:1000:nvidia:/home/nvidia:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`,
  "etc/group": `root:x:0:
tty:x:5:
sudo:x:27:nvidia
video:x:44:nvidia
nvidia:x:1000:
nogroup:x:65534:
`,
  "etc/shadow":
    "root:*:18000:0:99999:7:::\nnobody:*:18000:0:99999:7:::\nnvidia:*:18000:0:99999:7:::\n",
  "etc/gshadow": "root:*::\nvideo:!::nvidia\nnogroup:*::\nnvidia:!::\n",
};

/** Tools of any machine and of each kind, scripts of inside/ that are run by the simulation's own Node. */
const TOOLS = ["systemctl", "journalctl", "dpkg-query"];
const JETSON_TOOLS = ["nvpmodel", "tegrastats"];
const PC_TOOLS = ["nvidia-smi"];

export interface RootFolderOptions {
  name: string;
  board: PlayedBoard;
  /** The board's folder; gets root/, tools/, device-tree/ and identity.json. */
  dir: string;
  /** Content of the nvidia user's authorized_keys. */
  authorizedKeys: string;
  /** Of the board's behaviour. */
  buildSeconds?: number | undefined;
  card?: CardState | undefined;
  containers?: ContainerState | undefined;
}

/**
 * Prepares the board's folder before a boot. What belongs to the unit's software is written anew each time;
 * what a user changed elsewhere in the root stays.
 */
export async function prepareRootFolder(options: RootFolderOptions): Promise<void> {
  const root = join(options.dir, "root");
  for (const folder of FOLDERS) await fs.mkdir(join(root, folder), { recursive: true });
  await fs.chmod(join(root, "root"), 0o700);
  for (const [path, text] of identityFiles(options.name, options.board)) {
    await fs.writeFile(join(root, path), text);
  }
  await fs.writeFile(join(root, "home/nvidia/.ssh/authorized_keys"), options.authorizedKeys, {
    mode: 0o600,
  });
  for (const [file, text] of Object.entries(ACCOUNTS)) await writeOnce(join(root, file), text);
  await writeOnce(join(root, "etc/machine-id"), `${randomUUID().replaceAll("-", "")}\n`);
  for (const name of COPIED) await copyFromMachine(`/etc/${name}`, join(root, "etc", name));
  for (const home of ["home/nvidia", "root"]) await copyRegistry(join(root, home));
  await relink("../usr/lib/os-release", join(root, "etc/os-release"));
  await relink("/proc/mounts", join(root, "etc/mtab"));
  await relink("/run", join(root, "var/run"));
  await writeSimulatedBuild(join(root, SIMULATED_BUILD_FILE), options.buildSeconds);
  await writeDeviceTree(join(options.dir, "device-tree"), options.board);
  await writeTools(join(options.dir, "tools"));
  if (options.board === "x86") await preparePc(options);
  else await prepareJetson(options.dir, options.board);
  const identity = { name: options.name, board: options.board, ...IMAGES[options.board] };
  await fs.writeFile(join(options.dir, "identity.json"), JSON.stringify(identity, null, 2));
}

/** What GStreamer knows of its plug-ins, which are the machine's: a login of a board that plays anything has it. */
async function copyRegistry(home: string): Promise<void> {
  const folder = ".cache/gstreamer-1.0";
  await fs.mkdir(join(home, folder), { recursive: true });
  const name = `registry.${machine()}.bin`;
  // A home that is closed to us has none for us.
  await fs
    .copyFile(join(homedir(), folder, name), join(home, folder, name))
    .catch(ignoreCodes("ENOENT", "EACCES"));
}

async function prepareJetson(dir: string, board: PlayedJetson): Promise<void> {
  const [root, tools] = [join(dir, "root"), join(dir, "tools/bin")];
  const { files, link } = fanFiles(board);
  for (const [path, text] of files) {
    await fs.mkdir(dirname(join(root, path)), { recursive: true });
    await writeOnce(join(root, path), text);
  }
  if (link !== null) await relink(link, join(root, "etc/nvfancontrol.conf"));
  writeGpuClockFiles(root, board, await gpuMaxHz(root, board));
  for (const tool of JETSON_TOOLS) await writeTool(join(tools, tool), nodeTool(tool));
  await writeTool(join(tools, "jetson_clocks"), jetsonClocks(board));
  if (link !== null) await writeTool(join(tools, "nvfancontrol"), NVFANCONTROL);
}

/** What the kernel's driver shows goes beside the root, from where enter.sh puts it into /proc. */
async function preparePc({
  dir,
  card = "ok",
  containers = "none",
}: RootFolderOptions): Promise<void> {
  await fs.writeFile(join(dir, "root", CARD_FILE), `${card}\n`);
  await fs.rm(join(dir, "driver"), { recursive: true, force: true });
  const slot = [...SLOT_FILES].map(([path, text]) => [join("root", path), text] as const);
  for (const [path, text] of [...driverFiles(card), ...slot]) {
    await fs.mkdir(dirname(join(dir, path)), { recursive: true });
    await fs.writeFile(join(dir, path), text);
  }
  const tools = join(dir, "tools/bin");
  for (const tool of PC_TOOLS) await writeTool(join(tools, tool), nodeTool(tool));
  await fs.writeFile(join(dir, "root", CONTAINER_FILE), `${containers}\n`);
  const isThere = containers !== "none";
  for (const engine of ENGINES)
    await writeTool(
      join(tools, engine),
      isThere ? nodeTool("container-engine", engine) : NOT_THERE,
    );
  await writeTool(join(tools, "nvidia-ctk"), isThere ? NVIDIA_CTK : NOT_THERE);
}

/** As a shell says it, also where this machine has such a program. */
const NOT_THERE = '#!/bin/sh\necho "$0: not found" >&2\nexit 127\n';

const NVIDIA_CTK = `#!/bin/sh
[ "$*" = "cdi list" ] || { echo "nvidia-ctk: $* is not simulated" >&2; exit 1; }
if [ "$(cat ${CONTAINER_FILE})" = no-nvidia ]; then echo 'time="2026-01-01T00:00:00Z" level=info msg="Found 0 CDI devices"' >&2; exit 0; fi
echo 'time="2026-01-01T00:00:00Z" level=info msg="Found 2 CDI devices"' >&2
printf 'nvidia.com/gpu=0\\nnvidia.com/gpu=all\\n'
`;

/** Of the power mode that the board was switched off in. */
async function gpuMaxHz(root: string, board: PlayedJetson): Promise<number> {
  const status = await fs.readFile(join(root, "var/lib/nvpmodel/status"), "utf8").catch(() => "");
  const { modes, defaultId } = powerModesOf(board);
  const id = parseNvpmodelStatus(status) ?? defaultId;
  return (modes.find((mode) => mode.id === id)?.gpuMaxMhz ?? 0) * 1_000_000;
}

async function writeSimulatedBuild(path: string, seconds: number | undefined): Promise<void> {
  if (seconds === undefined) return fs.rm(path, { force: true });
  const build: SimulatedBuild = { seconds };
  await fs.writeFile(path, `${JSON.stringify(build)}\n`);
}

async function writeDeviceTree(dir: string, board: PlayedBoard): Promise<void> {
  await fs.mkdir(dir, { recursive: true });
  for (const [name, content] of deviceTree(board)) await fs.writeFile(join(dir, name), content);
}

async function writeTools(dir: string): Promise<void> {
  for (const folder of ["bin", "sbin", "lib", "share"])
    await fs.mkdir(join(dir, folder), { recursive: true });
  for (const tool of TOOLS) {
    await writeTool(join(dir, "bin", tool), nodeTool(tool));
  }
  await writeTool(join(dir, "bin", "sudo"), SUDO);
  for (const tool of ["chown", "chgrp"]) {
    const path = join(dir, "bin", tool);
    if (process.getuid?.() === 0) await fs.rm(path, { force: true });
    else await writeTool(path, ONLY_ROOT);
  }
}

// In the user namespace of an unprivileged user there is root and nobody else, which inside/unit.ts says in the journal.
const ONLY_ROOT = "#!/bin/sh\nexit 0\n";

function nodeTool(tool: string, ...first: string[]): string {
  const sim = "/run/jetfleet-sim";
  const program = `${sim}/fleet/sim/board/inside/${[`${tool}.ts`, ...first].join(" ")}`;
  // A systemctl that costs 0.2 s of a processor at each call is slower than any board's; so it is half of that.
  const cache = `NODE_COMPILE_CACHE=${sim}/node-cache`;
  return `#!/bin/sh\n${cache} exec ${sim}/node --disable-warning=ExperimentalWarning ${program} "$@"\n`;
}

// The login user is already root inside; sudo only has to accept what scripts pass to it.
const SUDO = `#!/bin/sh
# simulated: the login user of a simulated board already has root's rights.
while [ $# -gt 0 ]; do
  case $1 in
    -n | -E | -H | -S | -i) shift ;;
    -u | -g) shift 2 ;;
    --) shift; break ;;
    -*) echo "sudo: option $1 is not simulated" >&2; exit 1 ;;
    *=*) export "$1"; shift ;;
    *) break ;;
  esac
done
export USER=root LOGNAME=root HOME=/root SUDO_USER=nvidia
[ $# -gt 0 ] || exit 0
exec "$@"
`;

async function writeTool(path: string, text: string): Promise<void> {
  await fs.writeFile(path, text, { mode: 0o755 });
}

async function writeOnce(path: string, text: string): Promise<void> {
  await fs.writeFile(path, text, { flag: "wx" }).catch(ignoreCodes("EEXIST"));
}

async function copyFromMachine(from: string, to: string): Promise<void> {
  await fs.copyFile(from, to).catch(ignoreCodes("ENOENT"));
}

async function relink(target: string, path: string): Promise<void> {
  await fs.rm(path, { force: true });
  await fs.symlink(target, path);
}

function ignoreCodes(...codes: string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? "")) throw error;
  };
}
