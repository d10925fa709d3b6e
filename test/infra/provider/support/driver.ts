import { credentials, type ServiceError } from "@grpc/grpc-js";
import type {
  IResourceProviderClient,
  ResourceProviderClient,
} from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type { CheckResponse, DiffResponse } from "@pulumi/pulumi/proto/provider_pb.js";
import {
  emptyPb,
  providerGrpc,
  providerPb,
  statusPb,
} from "../../../../infra/provider/rpc/proto.ts";
import {
  decodeProperties,
  encodeProperties,
  type Properties,
} from "../../../../infra/provider/rpc/values.ts";

export interface Failure {
  code: number;
  message: string;
  /** Present when the resource was made but is not as it should be. */
  init?: { id: string; state: Properties; inputs: Properties; reasons: string[] };
}

export interface Checked {
  inputs: Properties;
  failures: { property: string; reason: string }[];
}

export interface Resource {
  id: string;
  inputs: Properties;
  state: Properties;
}

/** The engine's side of the protocol, in plain objects. */
export class Driver {
  readonly client: ResourceProviderClient;

  constructor(port: number) {
    this.client = new providerGrpc.ResourceProviderClient(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
    );
  }

  close(): void {
    this.client.close();
  }

  async handshake(engineAddress: string): Promise<void> {
    const request = new providerPb.ProviderHandshakeRequest();
    request.setEngineAddress(engineAddress);
    await this.#call("handshake", request);
  }

  async checkConfig(news: Properties): Promise<Checked> {
    const request = new providerPb.CheckRequest();
    request.setNews(encodeProperties(news));
    return checkedOf(await this.#call<CheckResponse>("checkConfig", request));
  }

  async configure(args: Properties): Promise<void> {
    const request = new providerPb.ConfigureRequest();
    request.setArgs(encodeProperties(args));
    await this.#call("configure", request);
  }

  async schema(): Promise<string> {
    const response = await this.#call<{ getSchema(): string }>(
      "getSchema",
      new providerPb.GetSchemaRequest(),
    );
    return response.getSchema();
  }

  async check(urn: string, news: Properties): Promise<Checked> {
    const request = new providerPb.CheckRequest();
    request.setUrn(urn);
    request.setNews(encodeProperties(news));
    return checkedOf(await this.#call<CheckResponse>("check", request));
  }

  /** The inputs after a check that must find nothing wrong. */
  async checked(urn: string, news: Properties): Promise<Properties> {
    const { inputs, failures } = await this.check(urn, news);
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    return inputs;
  }

  /** Changed paths with their kind, such as `{"detect.minScore": "UPDATE"}`; empty when there is no change. */
  async diffConfig(olds: Properties, news: Properties) {
    const request = new providerPb.DiffRequest();
    request.setOldInputs(encodeProperties(olds));
    request.setNews(encodeProperties(news));
    return diffOf(await this.#call<DiffResponse>("diffConfig", request));
  }

  async diff(urn: string, old: Resource, news: Properties, ignore: string[] = []) {
    const request = new providerPb.DiffRequest();
    request.setId(old.id);
    request.setUrn(urn);
    request.setOldInputs(encodeProperties(old.inputs));
    request.setOlds(encodeProperties(old.state));
    request.setNews(encodeProperties(news));
    request.setIgnorechangesList(ignore);
    return diffOf(await this.#call<DiffResponse>("diff", request));
  }

  async create(
    urn: string,
    inputs: Properties,
    options: { preview?: boolean; timeout?: number } = {},
  ) {
    const request = new providerPb.CreateRequest();
    request.setUrn(urn);
    request.setProperties(encodeProperties(inputs));
    request.setPreview(options.preview ?? false);
    request.setTimeout(options.timeout ?? 0);
    const response = await this.#call<InstanceType<typeof providerPb.CreateResponse>>(
      "create",
      request,
    );
    return { id: response.getId(), inputs, state: decodeProperties(response.getProperties()) };
  }

  async update(
    urn: string,
    old: Resource,
    news: Properties,
    options: { preview?: boolean; timeout?: number } = {},
  ): Promise<Resource> {
    const request = new providerPb.UpdateRequest();
    request.setId(old.id);
    request.setUrn(urn);
    request.setOldInputs(encodeProperties(old.inputs));
    request.setOlds(encodeProperties(old.state));
    request.setNews(encodeProperties(news));
    request.setPreview(options.preview ?? false);
    request.setTimeout(options.timeout ?? 0);
    const response = await this.#call<InstanceType<typeof providerPb.UpdateResponse>>(
      "update",
      request,
    );
    return { id: old.id, inputs: news, state: decodeProperties(response.getProperties()) };
  }

  async read(urn: string, old: Resource, timeout = 0): Promise<Resource> {
    const request = new providerPb.ReadRequest();
    request.setTimeout(timeout);
    request.setId(old.id);
    request.setUrn(urn);
    request.setInputs(encodeProperties(old.inputs));
    request.setProperties(encodeProperties(old.state));
    const response = await this.#call<InstanceType<typeof providerPb.ReadResponse>>(
      "read",
      request,
    );
    return {
      id: response.getId(),
      inputs: decodeProperties(response.getInputs()),
      state: decodeProperties(response.getProperties()),
    };
  }

  async delete(urn: string, old: Resource, timeout = 0): Promise<void> {
    const request = new providerPb.DeleteRequest();
    request.setTimeout(timeout);
    request.setId(old.id);
    request.setUrn(urn);
    request.setOldInputs(encodeProperties(old.inputs));
    request.setProperties(encodeProperties(old.state));
    await this.#call("delete", request);
  }

  /** A question of the program; an answer of failures is returned as one. */
  async invoke(token: string, args: Properties) {
    const request = new providerPb.InvokeRequest();
    request.setTok(token);
    request.setArgs(encodeProperties(args));
    const response = await this.#call<InstanceType<typeof providerPb.InvokeResponse>>(
      "invoke",
      request,
    );
    const failures = response
      .getFailuresList()
      .map((one) => ({ property: one.getProperty(), reason: one.getReason() }));
    return { answer: decodeProperties(response.getReturn()), failures };
  }

  async cancel(): Promise<void> {
    await this.#call("cancel", new emptyPb.Empty());
  }

  async call(method: keyof IResourceProviderClient, request: unknown): Promise<unknown> {
    return await this.#call(method, request);
  }

  #call<Response>(method: keyof IResourceProviderClient, request: unknown): Promise<Response> {
    type Start = (
      request: unknown,
      done: (error: ServiceError | null, value: Response) => void,
    ) => void;
    const start = (this.client[method] as unknown as Start).bind(this.client);
    return new Promise((resolve, reject) => {
      start(request, (error, value) =>
        error ? reject(new CallFailed(failureOf(error))) : resolve(value),
      );
    });
  }
}

export class CallFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** How a call that must fail failed. */
export async function failureFrom(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (error instanceof CallFailed) return error.failure;
    throw error;
  }
  throw new Error("expected the call to fail but it succeeded");
}

function failureOf(error: ServiceError): Failure {
  const failure: Failure = { code: error.code, message: error.details };
  const [details] = error.metadata.get("grpc-status-details-bin");
  if (!(details instanceof Buffer)) return failure;
  const [packed] = statusPb.Status.deserializeBinary(details).getDetailsList();
  const init = providerPb.ErrorResourceInitFailed.deserializeBinary(
    packed?.getValue_asU8() ?? new Uint8Array(),
  );
  return {
    ...failure,
    init: {
      id: init.getId(),
      state: decodeProperties(init.getProperties()),
      inputs: decodeProperties(init.getInputs()),
      reasons: init.getReasonsList(),
    },
  };
}

function checkedOf(response: CheckResponse): Checked {
  const failures = response
    .getFailuresList()
    .map((one) => ({ property: one.getProperty(), reason: one.getReason() }));
  return { inputs: decodeProperties(response.getInputs()), failures };
}

function diffOf(response: DiffResponse) {
  const kinds = Object.entries(providerPb.PropertyDiff.Kind);
  const changes: Record<string, string> = {};
  response.getDetaileddiffMap().forEach((change, path) => {
    changes[path] = kinds.find(([, value]) => value === change.getKind())?.[0] ?? "?";
  });
  const some = response.getChanges() === providerPb.DiffResponse.DiffChanges.DIFF_SOME;
  if (some !== Object.keys(changes).length > 0)
    throw new Error("changes and detailed diff disagree");
  return {
    changes,
    replaces: response.getReplacesList(),
    first: response.getDeletebeforereplace(),
  };
}
