import { createHash, createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { BOARDS } from "../fleet/boards/index.ts";
import { FleetError, isFleetError } from "../fleet/errors/index.ts";
import { drawToken, type HubClient } from "../fleet/hub/client/index.ts";
import { type EnrolTarget, enrolScript, targetText } from "../fleet/provision/enrol-script.ts";
import { ENGINE_QUOTA_BYTES } from "../fleet/provision/probe.ts";
import type { RuntimeShelf } from "../fleet/provision/runtime/index.ts";
import type { BoardName, Labels } from "../fleet/spec/index.ts";

export interface EnrolOrder {
  device: string;
  board: BoardName;
  labels: Labels;
  lifeMs: number;
  /** Address of the hub, as devices reach it. */
  hubUrl: string;
  /** File of the fleet's root key, either half; by default it is the key that signs. */
  rootKeyFile: string;
}

export interface Enrolled {
  /** To be run on the board. */
  line: string;
  untilMs: number;
  /** Which boards it is for, such as `R35, R36 aarch64`. */
  targets: string[];
  sentBytes: number;
}

/** One L4T of each JetPack that boards are provisioned under: what they get differs by its first number at most. */
const L4T = ["32.7.1", "35.4.1", "36.4.0", "38.2.0"] as const;
const MACHINES = ["aarch64", "x86_64"];

/**
 * Has the hub await a board, with all that it will fetch, and says what to run there. The line names the installer by
 * its digest, so that a hub or whoever is in between cannot slip in another; the installer names everything else.
 */
export async function enrolBoard(
  hub: HubClient,
  shelf: RuntimeShelf,
  order: EnrolOrder,
  onSending: (sentBytes: number, totalBytes: number) => void = () => {},
): Promise<Enrolled> {
  const info = await hub.info();
  if (info.enrolUrl === undefined) {
    throw new FleetError(
      "HUB_REFUSED",
      "Expected a hub that enrols boards but it is of a former version",
      {
        hint: "Start the hub anew, from this version.",
      },
    );
  }
  const { device, board, labels, hubUrl } = order;
  const targets = BOARDS[board].tree === null ? [await pcTarget(shelf)] : await targetsOf(shelf);
  const files = new Map(
    targets.flatMap(({ release }) => release.files.map((file) => [file.digest, file])),
  );
  const fleetPublicKey = await publicKeyIn(order.rootKeyFile);
  const { fleet, mqttUrl, enrolUrl } = info;
  const config = {
    ...{ fleet, device, board, hubUrl, mqttUrl, fleetPublicKey, labels },
    engineQuotaBytes: ENGINE_QUOTA_BYTES,
  };
  const script = enrolScript({ enrolUrl, caPem: hub.caPem, config, targets });
  let sentBytes = 0;
  for (const { digest, path } of files.values()) {
    sentBytes += await hub.putObject(digest, path, onSending);
  }
  const { token, tokenHash } = drawToken();
  const { id, untilMs } = await hub.beginEnrolment(device, {
    tokenHash,
    lifeMs: order.lifeMs,
    script,
    objects: [...files.keys()],
  });
  return {
    line: lineFor({ enrolUrl, id, token, script }),
    untilMs,
    targets: targets.map(targetText),
    sentBytes,
  };
}

/** The token goes by a shell's own `echo` and a pipe: no process has it among its arguments. */
function lineFor(parts: { enrolUrl: string; id: string; token: string; script: string }): string {
  const { enrolUrl, id, token, script } = parts;
  const url = `${enrolUrl}/enrol/${id}/install`;
  const digest = createHash("sha256").update(script).digest("hex");
  // Whom the connection is with does not matter, as the installer is known by its digest.
  const fetch = `{ curl -fsSk ${url} || wget -qO- --no-check-certificate ${url}; } > $f`;
  const check = `echo "${digest}  $f" | sha256sum -c --status`;
  return `echo ${token} | sudo sh -c 'f=$(mktemp) && ${fetch} && ${check} && sh $f ${id}; s=$?; rm -f $f; exit $s'`;
}

/** The releases that this clone can put together, each once; what none can be made for is no target. */
async function targetsOf(shelf: RuntimeShelf): Promise<EnrolTarget[]> {
  const targets = new Map<string, EnrolTarget>();
  let last: unknown = null;
  for (const machine of MACHINES) {
    for (const l4t of L4T) {
      try {
        const release = await shelf.release({ l4t, machine });
        const key = `${machine} ${release.digest}`;
        const l4tMajors = targets.get(key)?.l4tMajors ?? [];
        const major = Number.parseInt(l4t, 10);
        targets.set(key, { l4tMajors: [...l4tMajors, major], machine, release });
      } catch (error) {
        if (!isFleetError(error)) throw error;
        last = error;
      }
    }
  }
  if (targets.size === 0) throw last;
  return [...targets.values()];
}

async function pcTarget(shelf: RuntimeShelf): Promise<EnrolTarget> {
  const machine = "x86_64";
  return { l4tMajors: [], machine, release: await shelf.release({ l4t: "", machine }) };
}

async function publicKeyIn(file: string): Promise<string> {
  try {
    const key = createPublicKey(await readFile(file, "utf8"));
    if (key.asymmetricKeyType === "ed25519") {
      return key.export({ type: "spki", format: "pem" }).toString();
    }
  } catch {
    // What OpenSSL says could quote the file, which may hold a secret.
  }
  throw new FleetError("USAGE", `Expected the fleet's ed25519 root key in ${file}`, {
    hint: "Name it with --root-key, as rootKey or signingKey of the provider does.",
  });
}
