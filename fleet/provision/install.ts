import { FleetError } from "../errors/index.ts";
import { type DeviceContainer, DeviceOwner, ownerText, type PackageFile } from "../spec/index.ts";
import type { SshSession } from "../ssh/index.ts";
import {
  CertificateRequest,
  type IssuedCertificate,
} from "../transfer/identity/certificate-request.ts";
import { runAsRoot } from "./board-shell.ts";
import { carryPackages } from "./carry-packages.ts";
import { pullImage, REMOVE_CONTAINERS, tryImage } from "./container-image.ts";
import {
  BASE,
  CLOCKS_UNIT,
  CONFIG,
  CONFIG_DIR,
  CONTAINER_PIECE_PATH,
  CURRENT,
  FORMER,
  HEALTHY,
  OWNER,
  PROBATION_UNIT,
  RELEASES,
  REVERTED,
  ROOT_PIECE_PATH,
  RUNNER_SOCKET,
  releaseId,
  STAGING,
  STAGING_FOR,
  STATE_DIR,
  UNFINISHED,
  UNIT,
  UNIT_DIR,
} from "./layout.ts";
import { installPackagesScript, REMOVE_PACKAGES, requireInstalled } from "./packages.ts";
import type { Step, WantedConfig } from "./plan.ts";
import { GIVE_RIGHTS, MAKE_USERS, REMOVE_USERS } from "./rights.ts";
import { type RuntimeFile, type RuntimeRelease, UNIT_PATHS, unitFiles } from "./runtime/index.ts";
import { NOTE_FORMER } from "./runtime/probation.ts";
import { type SendJob, sendFiles } from "./send-files.ts";

/** A board downloads them itself, and may wait for another's apt before. */
const PACKAGES_TIMEOUT_MS = 8 * 60_000;

export interface InstallJob extends SendJob {
  release: RuntimeRelease;
  wanted: WantedConfig;
  /** What agent and runners are to run in; undefined straight under the board's system. */
  container?: DeviceContainer | undefined;
  owner: DeviceOwner;
  /** As whose the board was found; `any` where it may be taken from whoever has it. */
  ownerSeen: DeviceOwner | "any" | null;
  /** Has the hub certify the device's own key. */
  certify(request: CertificateRequest): Promise<IssuedCertificate>;
}

export async function executeStep(step: Step, job: InstallJob): Promise<void> {
  switch (step.step) {
    case "write-owner":
      await writeOwner(job);
      break;
    case "install-packages":
      await installPackages(job, step.packages, step.files);
      break;
    case "pull-image":
      await pullImage(job, step.container);
      break;
    case "try-image":
      await tryImage(job, step.container);
      break;
    case "push-runtime":
      await pushRuntime(job, step.send, step.reuse);
      break;
    case "write-credentials":
      await writeCredentials(job);
      break;
    case "write-unit":
      await root(job, "writing the unit", writeUnitsScript(job.container));
      break;
    case "enable":
      await root(job, "enabling the agent", ENABLE);
      break;
    case "power-mode":
    case "clocks":
    case "fan-profile":
      job.operation.status(`setting ${wordsOf(step.step)} ${step.name}`);
      await askRootPiece(job, `${step.step} ${step.name}`);
      break;
    case "restore-power-mode":
    case "restore-clocks":
    case "restore-fan-profile":
      job.operation.status(`setting the ${wordsOf(step.step)} that was before`);
      await askRootPiece(job, step.step);
      break;
    case "restart":
      job.operation.status("starting the agent");
      await root(job, "starting the agent", RESTART);
  }
}

export const ENABLE = `systemctl daemon-reload; systemctl enable ${UNIT} ${RUNNER_SOCKET} ${CLOCKS_UNIT}`;

// A unit that was given up before would not be started again.
export const RESTART = `systemctl daemon-reload
systemctl stop ${UNIT} || true
systemctl reset-failed ${UNIT} || true
rm -f ${HEALTHY} ${REVERTED} ${FORMER}/spent
${MAKE_USERS}${GIVE_RIGHTS}
systemctl restart ${RUNNER_SOCKET}
systemctl restart ${UNIT}
systemctl enable ${PROBATION_UNIT}
systemctl restart ${PROBATION_UNIT}
rm -f ${UNFINISHED}`;

function wordsOf(verb: string): string {
  return verb.replace("restore-", "").replace("-", " ");
}

const REFUSED = {
  POWER_MODE: "BOARD_POWER_MODE",
  CLOCKS: "BOARD_CLOCKS",
  FAN: "BOARD_FAN",
} as const;

/** Throws BOARD_POWER_MODE, BOARD_CLOCKS or BOARD_FAN when the board refuses, with what it says. */
async function askRootPiece(job: InstallJob, verb: string): Promise<void> {
  const answer = await root(job, `asking for ${verb}`, `sh ${ROOT_PIECE_PATH} ${verb}`);
  if (answer.startsWith("ok")) return;
  const [, word, why] = /^(?:refused (\w+)|gone) (.*)/.exec(answer.trim()) ?? [];
  const got = why ?? answer.slice(0, 200);
  if (answer.startsWith("gone")) return job.operation.log("warning", got);
  const code = Object.entries(REFUSED).find(([name]) => name === word)?.[1] ?? "INTERNAL";
  throw new FleetError(code, `Expected the board to take ${verb} but: ${got}`);
}

/** Of what is installed already the board's own package manager thinks for itself. */
async function installPackages(
  job: InstallJob,
  packages: string[],
  files: PackageFile[],
): Promise<void> {
  if (files.length > 0) await carryPackages(job, files);
  job.operation.status(`installing ${packages.join(", ")} on the board`);
  const script = installPackagesScript(packages);
  const answer = await root(job, "installing packages", script, PACKAGES_TIMEOUT_MS);
  requireInstalled(answer, job.wanted.device);
}

/**
 * Throws DEVICE_OWNED when the board has become another's since it was looked at: of two that come at the same time one
 * gets it.
 */
async function writeOwner({ connection, operation, owner, ownerSeen }: InstallJob): Promise<void> {
  const { signal } = operation;
  const label = "writing whose the board is";
  const script = claimScript(owner, ownerSeen);
  const other = await runAsRoot(connection, script, { label, signal });
  if (other.trim() === "") return;
  throw new FleetError(
    "DEVICE_OWNED",
    `Expected the board at ${connection.address} to be of ${ownerText(owner)} but meanwhile it became that of ${whose(other)}`,
  );
}

/** Prints who else has it. `/run` is empty after a power cut, and so is who held the lock. */
export function claimScript(owner: DeviceOwner, seen: DeviceOwner | "any" | null): string {
  const ids = [owner.id, ...(seen === null || seen === "any" ? [] : [seen.id])].join("|");
  const isFree = `case "$(sed -n 's/.*"id":"\\([^"]*\\)".*/\\1/p' ${OWNER} 2>/dev/null)" in ""|${ids})`;
  return `
mkdir -p -m 0755 ${CONFIG_DIR}
if command -v flock >/dev/null; then exec 9> /run/jetfleet-owner.lock; flock -w 20 9; fi
${seen === "any" ? "" : `${isFree} ;; *) cat ${OWNER}; exit 0 ;; esac`}
${replaceFile(OWNER, `${JSON.stringify(owner)}\n`)}
sync ${CONFIG_DIR}`;
}

function whose(text: string): string {
  const other = DeviceOwner.safeParse(parsedJson(text)).data;
  return other === undefined ? "a program that cannot be read" : ownerText(other);
}

export function writeUnitsScript(container?: DeviceContainer): string {
  return [
    MAKE_USERS,
    "umask 022",
    `mkdir -p ${BASE}`,
    ...Object.entries(unitFiles(container ?? null)).map(([path, text]) => replaceFile(path, text)),
    ...(container === undefined ? [`rm -f ${CONTAINER_PIECE_PATH}`] : []),
    `sync ${UNIT_DIR} ${BASE}`,
    "systemctl daemon-reload",
  ].join("\n");
}

/** Files go to a staging folder; the release appears under its name, and `current` moves, by renames. */
async function pushRuntime(job: InstallJob, send: string[], reuse: string[]): Promise<void> {
  const { release, operation } = job;
  const files = release.files.filter(({ name }) => send.includes(name));
  await root(job, "preparing the runtime's folder", prepareScript(release.digest, reuse));
  await sendFiles(job, files);
  operation.status("verifying the runtime");
  await root(job, "verifying the runtime", finishScript(release), 120_000);
}

/** What an earlier attempt at the same release brought stays, so that its files go on where they ended. */
export function prepareScript(digest: string, reuse: string[]): string {
  return [
    `mkdir -p ${RELEASES}`,
    // A login may have made them with a umask that keeps the agent out.
    `chmod 0755 ${BASE} ${RELEASES}`,
    `if [ "$(cat ${STAGING_FOR} 2>/dev/null)" != ${digest} ]; then`,
    `  rm -rf ${STAGING}`,
    `  mkdir -m 0755 ${STAGING} ${STAGING}/bin`,
    `  echo ${digest} > ${STAGING_FOR}`,
    "fi",
    // Unchanged files of the current release need not travel again; they are never written to in place.
    ...reuse.map(
      (name) =>
        `ln -f ${CURRENT}/${name} ${STAGING}/${name} || cp -p ${CURRENT}/${name} ${STAGING}/${name}`,
    ),
    // Files are sent with the rights of the login, not of root.
    `owner="\${SUDO_UID:-0}:\${SUDO_GID:-0}"; chown "$owner" ${STAGING} ${STAGING}/bin`,
    `find ${STAGING} -name '*.part' -exec chown -h "$owner" {} +`,
  ].join("\n");
}

export function finishScript(release: RuntimeRelease): string {
  const id = releaseId(release.digest);
  return [
    // A folder of that name may be what runs, damaged: it stays until its successor is in place.
    `id=${id}; n=1`,
    `while [ -e ${RELEASES}/"$id" ]; do n=$((n + 1)); id=${id}.$n; done`,
    `cd ${STAGING}`,
    `sha256sum --check --quiet - <<'JETFLEET_SUMS'\n${release.files.map(sumLine).join("\n")}\nJETFLEET_SUMS`,
    `rm -f ${STAGING_FOR} *.part *.part.new bin/*.part bin/*.part.new`,
    `cat > release.json <<'JETFLEET_RELEASE'\n${releaseJson(release)}\nJETFLEET_RELEASE`,
    `chown -R 0:0 ${STAGING}`,
    // The files themselves were synced as they arrived.
    "sync release.json . bin",
    "cd /",
    `mv ${STAGING} ${RELEASES}/"$id"`,
    `sync ${RELEASES}`,
    `ln -sfn releases/"$id" ${CURRENT}.new`,
    `previous=$(readlink ${CURRENT} || true)`,
    `former=$(cat ${FORMER}/current 2>/dev/null || true)`,
    `mv -T ${CURRENT}.new ${CURRENT}`,
    `sync ${BASE}`,
    // The one before stays, as a way back by hand.
    `for one in ${RELEASES}/*; do`,
    `  case "releases/\${one##*/}" in "releases/$id"|"$previous"|"$former") ;; *) rm -rf "$one" ;; esac`,
    "done",
  ].join("\n");
}

function sumLine({ digest, name }: RuntimeFile): string {
  return `${digest.replace("sha256:", "")}  ${name}`;
}

function releaseJson(release: RuntimeRelease): string {
  const files = Object.fromEntries(release.files.map(({ name, digest }) => [name, digest]));
  return JSON.stringify({
    runtimeDigest: release.digest,
    agentVersion: release.agentVersion,
    files,
  });
}

/**
 * The device makes its key itself and shows no more than the public half. Each step may be run again: until the last
 * one the identity that the device had stays as it was.
 */
async function writeCredentials(job: InstallJob): Promise<void> {
  const { operation, wanted } = job;
  operation.status("having the device make a key");
  const answer = await root(job, "making the device's key", writeConfigScript(wanted));
  operation.status("certifying the device");
  const issued = await job.certify(parseRequest(answer));
  await root(
    job,
    "installing the device's certificate",
    `
${INSTALL_CERTIFICATE} <<'JETFLEET_CERTIFICATE'
${JSON.stringify(issued)}
JETFLEET_CERTIFICATE
sync ${STATE_DIR}
${GIVE_RIGHTS}`,
  );
}

const AGENT = `${CURRENT}/bin/node ${CURRENT}/agent.cjs`;
/** Reads what the hub issued from standard input. */
export const INSTALL_CERTIFICATE = `${AGENT} install-certificate --config ${CONFIG}`;

export function writeConfigScript(wanted: WantedConfig): string {
  return `
${MAKE_USERS}
umask 077
mkdir -p -m 0700 ${CONFIG_DIR} ${STATE_DIR}
${replaceFile(CONFIG, `${JSON.stringify(wanted)}\n`)}
sync ${CONFIG_DIR}
${GIVE_RIGHTS}
${AGENT} request-certificate --config ${CONFIG}`;
}

/** Replaces a file as a whole by lines of text; its folder is to be synced afterwards. */
export function replaceFile(file: string, text: string): string {
  return `cat > ${file}.new <<'JETFLEET_FILE'
${text}JETFLEET_FILE
sync ${file}.new
mv ${file}.new ${file}`;
}

function parseRequest(answer: string): CertificateRequest {
  const request = CertificateRequest.safeParse(parsedJson(answer));
  if (request.success) return request.data;
  throw new FleetError(
    "INTERNAL",
    `Expected a certificate request from the agent on the board but got ${answer.slice(0, 200)}`,
  );
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Resolves to what could not be put back as it was; empty when all was. */
export async function uninstall(connection: SshSession, signal: AbortSignal): Promise<string> {
  const options = { label: "removing the agent", signal, timeoutMs: 110_000 };
  return (await runAsRoot(connection, UNINSTALL, options)).trim();
}

/** Prints what could not be put back as it was. */
export const UNINSTALL = `
restore() {
  sh ${ROOT_PIECE_PATH} "$1" | sed -n 's/^refused [A-Z_]* //p; s/^gone //p' | sed "s/^/The former $2 not back: /"
}
if [ -e ${ROOT_PIECE_PATH} ]; then
  restore restore-clocks 'clocks are'; restore restore-power-mode 'power mode is'; restore restore-fan-profile 'fan profile is'
fi
for unit in ${PROBATION_UNIT} ${CLOCKS_UNIT} ${UNIT} ${RUNNER_SOCKET}; do
  systemctl disable --now $unit >/dev/null 2>&1 || systemctl stop $unit >/dev/null 2>&1 || true
done
${REMOVE_CONTAINERS}${REMOVE_PACKAGES}
rm -rf ${UNIT_PATHS.join(" ")} ${BASE} ${CONFIG_DIR} ${STATE_DIR}
systemctl daemon-reload >/dev/null 2>&1 || true${REMOVE_USERS}`;

/** On disk before anything is changed: an `up` that is cut off anywhere is finished by the next one. */
export const MARK_UNFINISHED = `${NOTE_FORMER}
if [ ! -e ${UNFINISHED} ]; then mkdir -p ${BASE}; : > ${UNFINISHED}; sync ${UNFINISHED} ${BASE}; fi`;

async function root(
  job: InstallJob,
  label: string,
  script: string,
  timeoutMs = 60_000,
): Promise<string> {
  const { signal } = job.operation;
  const marked = `${MARK_UNFINISHED}\n${script}`;
  return await runAsRoot(job.connection, marked, { label, signal, timeoutMs });
}
