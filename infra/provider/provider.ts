import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FleetError } from "../../fleet/errors/index.ts";
import type { RuntimeShelf } from "../../fleet/provision/runtime/index.ts";
import { checkProperties, dropNulls } from "./check.ts";
import { ComponentProcess } from "./components/component-process.ts";
import {
  KnownProviderConfig,
  ProviderConfig,
  readRootKey,
  readSigningKey,
  todaysSettings,
  typedSettings,
} from "./config.ts";
import { FleetContext } from "./fleet-context.ts";
import { FUNCTIONS } from "./functions/index.ts";
import { forgetDeclared } from "./resources/device/declared.ts";
import { RESOURCES, type Resource } from "./resources/index.ts";
import { connectEngineLog } from "./rpc/engine-log.ts";
import { Operations } from "./rpc/operation.ts";
import type { ProviderPort } from "./rpc/service.ts";
import { type Properties, reveal } from "./rpc/values.ts";
import { packageSchema } from "./schema/package-schema.ts";

/** What the engine adds to a provider's own configuration. */
const ENGINE_KEYS = new Set(["version", "pluginDownloadURL", "parameterization", "__internal"]);

/** A program waits for the answer. */
const INVOKE_MS = 30_000;
/** Models of a large program are tried a few at a time, each with a deadline of its own. */
const CHECK_MS = 3_600_000;

const CONFIG_RULES = { schema: ProviderConfig, unsupported: [], secrets: [] };

export class JetfleetProvider implements ProviderPort {
  readonly version = ownVersion();
  readonly operations: Operations;
  readonly components = new ComponentProcess();
  readonly #runtimes: RuntimeShelf;
  #context: FleetContext | undefined;

  constructor(runtimes: RuntimeShelf, hasTerminal: boolean) {
    this.#runtimes = runtimes;
    this.operations = new Operations(connectEngineLog(undefined), hasTerminal);
  }

  schema(): string {
    return JSON.stringify(packageSchema(this.version));
  }

  useEngine(address: string): void {
    if (address) this.operations.log = connectEngineLog(address);
    if (address) this.components.engineAddress = address;
    forgetDeclared();
  }

  checkConfig(news: Properties) {
    const [own, foreign] = split(news);
    const checked = checkProperties(CONFIG_RULES, typedSettings(own));
    return { inputs: { ...foreign, ...checked.inputs }, failures: checked.failures };
  }

  async configure(args: Properties, urn: string): Promise<void> {
    const known = KnownProviderConfig.parse(reveal(typedSettings(split(args)[0])));
    const config = { ...known, ...todaysSettings(urn, process.env["PULUMI_CONFIG"]) };
    const key = await readSigningKey(config.signingKey);
    const root = await readRootKey(config.rootKey, key);
    this.#context = new FleetContext(config, key, root, this.#runtimes);
  }

  settings(): ProviderConfig | null {
    return this.#context?.config ?? null;
  }

  context(): FleetContext {
    if (this.#context) return this.#context;
    throw new FleetError("INTERNAL", "Expected the engine to configure the provider first");
  }

  /** The resource type that a URN names: `…::<parent types>$<type>::<name>`. */
  resource(urn: string): Resource {
    const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const resource = RESOURCES.find((one) => one.type === type);
    if (resource) return resource;
    const known = RESOURCES.map((one) => one.type).join(", ");
    throw new FleetError("SPEC_INVALID", `Expected a resource of type ${known} but got ${type}`);
  }

  async check(resource: Resource, urn: string, news: Properties) {
    const given = news["name"] ?? null;
    const inputs = given === null ? { ...news, name: logicalName(urn) } : news;
    const checked = checkProperties(resource.rules, inputs);
    const doing = `checking ${logicalName(urn)}`;
    using operation = this.operations.start({
      ...{ urn, doing, timeoutSeconds: 0 },
      defaultMs: CHECK_MS,
    });
    const { signal } = operation;
    const refined = (await resource.refine?.(checked.inputs, checked, urn, signal)) ?? [];
    const failures = [...checked.failures, ...refined].map((failure) =>
      failure.property === "name" && given === null
        ? {
            ...failure,
            reason: `${failure.reason}, the name of the resource in the program; set name`,
          }
        : failure,
    );
    const goals = this.#context ? await resource.goals(this.#context) : {};
    return { inputs: { ...checked.inputs, ...goals }, failures };
  }

  async invoke(token: string, args: Properties) {
    const asked = FUNCTIONS.find((one) => one.token === token);
    if (!asked) {
      const known = FUNCTIONS.map((one) => one.token).join(", ");
      throw new FleetError("SPEC_INVALID", `Expected a function of ${known} but got ${token}`);
    }
    const rules = { schema: asked.inputs, unsupported: [], secrets: [] };
    const { inputs, failures } = checkProperties(rules, args);
    if (failures.length > 0) return { failures, answer: null };
    const doing = `answering ${token.split(":").at(-1) ?? token}`;
    using operation = this.operations.start({
      ...{ urn: "", doing, timeoutSeconds: 0 },
      defaultMs: INVOKE_MS,
    });
    const plain = reveal(inputs) as Properties;
    const answer = await asked.answer(plain, () => this.context(), operation.signal);
    // Without what is not known: it is undefined or null there.
    return { failures, answer: dropNulls(JSON.parse(JSON.stringify(answer)) as Properties) };
  }

  close(): Promise<void> {
    this.operations.cancelAll();
    this.#context?.close();
    this.components.close();
    return Promise.resolve();
  }
}

function split(properties: Properties): [own: Properties, foreign: Properties] {
  const entries = Object.entries(properties);
  return [
    Object.fromEntries(entries.filter(([key]) => !ENGINE_KEYS.has(key))),
    Object.fromEntries(entries.filter(([key]) => ENGINE_KEYS.has(key))),
  ];
}

function logicalName(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function ownVersion(): string {
  const path = join(import.meta.dirname, "../../package.json");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
