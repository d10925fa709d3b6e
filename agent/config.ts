import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FleetError } from "../fleet/errors/index.ts";
import { BoardName, Labels, Name } from "../fleet/spec/index.ts";
import type { DeviceIdentity } from "./identity/certificate-verbs.ts";

const url = (protocols: string[]) =>
  z.string().refine((text) => protocols.some((protocol) => text.startsWith(`${protocol}://`)), {
    error: `must begin with ${protocols.map((protocol) => `${protocol}://`).join(" or ")}`,
  });

/** /etc/jetfleet/agent.json, written at provisioning (mode 0600). Unknown keys are errors: a typo must not pass. */
export const AgentConfig = z.strictObject({
  fleet: Name,
  device: Name,
  board: BoardName,
  /** What the device may be addressed by; a hub has no say in it. */
  labels: Labels.default({}),
  /** Address of the hub. The device's certificate is shown to this origin only. */
  hubUrl: url(["https", "http"]),
  mqttUrl: url(["mqtts", "mqtt"]),
  /**
   * Of a former version, as are http and mqtt: such a device runs its pipelines, and speaks to the hub again once `up`
   * has given it a certificate.
   */
  username: z.string().optional(),
  password: z.string().optional(),
  /** PEM of key, certificate and CA; by default identity.pem in `stateDir`. */
  identityFile: z.string().optional(),
  /** PEM of the ed25519 key that signs this fleet's desired documents. */
  fleetPublicKey: z.string().startsWith("-----BEGIN PUBLIC KEY-----", {
    error: "must be a public key in PEM form",
  }),
  simulatedNote: z.string().optional(),
  stateDir: z.string().default("/var/lib/jetfleet"),
  /** The three parts of the native runtime; by default they lie beside agent.cjs. */
  addonPath: z.string().optional(),
  backendPath: z.string().optional(),
  runtimePath: z.string().optional(),
  /** Folder of TensorRT's libraries; by default they are where the system looks. */
  tensorrtPath: z.string().default(""),
  /** Folder of TensorRT's headers, to compile its backend against; by default where Ubuntu's packages put them. */
  tensorrtIncludePath: z.string().default(""),
  /** A card that a simulated board is said to have: engines are built for it, and cannot be loaded. */
  simulatedCard: z
    .strictObject({
      name: z.string().min(1).max(64),
      computeCapability: z.string().regex(/^\d{1,2}\.\d$/),
      multiprocessors: z.number().int().min(1).max(1024),
    })
    .optional(),
  /** Threads of one inference. */
  threads: z.number().int().min(1).max(64).default(1),
  /** A new model is watched at work for this long before it is committed, and given up after the deadline. */
  watchMs: z.number().int().nonnegative().default(3000),
  watchDeadlineMs: z.number().int().positive().default(30_000),
  /** Engines that nothing runs go, the longest unused first, when all need more than this. */
  engineQuotaBytes: z
    .number()
    .int()
    .positive()
    .default(2 * 2 ** 30),
  /** Whether engines of other devices are used, and this one's offered to them. */
  shareEngines: z.boolean().default(true),
  /**
   * While another board of the kind builds an engine, this one waits so long before it builds for itself: public
   * reports of builds on boards name 5 to 30 minutes (NVIDIA/TensorRT issues 1441, 1841). 0: it never waits.
   */
  engineWaitMs: z
    .number()
    .int()
    .nonnegative()
    .default(30 * 60_000),
  /** An engine is built on a board that is cooler than this, and the builder stands still from `hotCelsius` on. */
  coolCelsius: z.number().default(75),
  hotCelsius: z.number().default(85),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

export function readConfig(path: string): AgentConfig {
  return parseConfig(readText(path), path);
}

export function parseConfig(text: string, path: string): AgentConfig {
  const parsed = AgentConfig.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join(".") || "document"}: ${issue.message}`,
  );
  throw new FleetError(
    "AGENT_CONFIG",
    `Expected a valid agent configuration in ${path} but got ${problems.join("; ")}`,
  );
}

export function identityOf({ fleet, device, identityFile, stateDir }: AgentConfig): DeviceIdentity {
  return { fleet, device, identityFile: identityFile ?? join(stateDir, "identity.pem") };
}

/** Where the native runtime lies: what the configuration says, else beside the bundle. */
export function nativePaths(config: AgentConfig, bundlePath: string) {
  const beside = (file: string) => join(dirname(bundlePath), file);
  return {
    addonPath: config.addonPath ?? beside("jetfleet.node"),
    backendPath: config.backendPath ?? beside("libjetfleet-backend-onnxruntime.so"),
    runtimePath: config.runtimePath ?? beside("libonnxruntime.so"),
  };
}
export type NativePaths = ReturnType<typeof nativePaths>;

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new FleetError("AGENT_CONFIG", `Cannot read the agent configuration ${path}`, { cause });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message may quote the text around the fault, and a former version's file holds a password.
    throw new FleetError("AGENT_CONFIG", `Expected JSON in ${path} but it does not parse`);
  }
}
