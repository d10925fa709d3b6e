import type {
  handleUnaryCall,
  ServerUnaryCall,
  ServiceError,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type * as proto from "@pulumi/pulumi/proto/provider_pb.js";
import type { Message } from "google-protobuf";
import type { CheckFailure } from "../check.ts";
import type { ComponentProcess } from "../components/component-process.ts";
import type { ProviderConfig } from "../config.ts";
import { diffInputs } from "../diff.ts";
import type { FleetContext } from "../fleet-context.ts";
import type { Known, Resource } from "../resources/index.ts";
import type { Severity } from "./engine-log.ts";
import { NotImplemented, toGrpcFailure } from "./errors.ts";
import type { Operation, Operations } from "./operation.ts";
import { emptyPb, pluginPb, providerPb } from "./proto.ts";
import { checkResponse, diffResponse, failuresOf } from "./responses.ts";
import { decodeProperties, encodeProperties, type Properties, without } from "./values.ts";

/** What the service needs of the provider; all of it is free of gRPC. */
export interface ProviderPort {
  version: string;
  operations: Operations;
  components: ComponentProcess;
  schema(): string;
  useEngine(address: string): void;
  checkConfig(news: Properties): {
    inputs: Properties;
    failures: { property: string; reason: string }[];
  };
  configure(args: Properties, urn: string): Promise<void>;
  context(): FleetContext;
  /** Of the provider, once it was configured; a preview may come before all of them are known. */
  settings(): ProviderConfig | null;
  resource(urn: string): Resource;
  /** Null where the arguments fail the check. */
  invoke(
    token: string,
    args: Properties,
  ): Promise<{ failures: CheckFailure[]; answer: Properties | null }>;
  check(
    resource: Resource,
    urn: string,
    news: Properties,
  ): Promise<{
    inputs: Properties;
    failures: { property: string; reason: string }[];
  }>;
}

/** Every method of pulumirpc.ResourceProvider. */
export function createService(port: ProviderPort): UntypedServiceImplementation {
  return {
    handshake: unary("the handshake", (request: proto.ProviderHandshakeRequest) => {
      port.useEngine(request.getEngineAddress());
      const response = new providerPb.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setAcceptOutputs(true);
      return response;
    }),
    getSchema: unary("giving the schema", () => {
      const response = new providerPb.GetSchemaResponse();
      response.setSchema(port.schema());
      return response;
    }),
    checkConfig: unary("checking the configuration", (request: proto.CheckRequest) =>
      checkResponse(port.checkConfig(decodeProperties(request.getNews()))),
    ),
    // Nothing is replaced: a changed hub or key makes devices differ from their state, which their own diffs tell. But
    // the change must be told, or the engine goes on with the provider that it configured by the state.
    diffConfig: unary("comparing configurations", (request: proto.DiffRequest) => {
      const olds = decodeProperties(request.getOldInputs() ?? request.getOlds());
      const rules = { replaceOn: [], deleteBeforeReplace: false };
      const changes = diffInputs(olds, decodeProperties(request.getNews()), rules);
      return diffResponse({ changes, deleteBeforeReplace: false });
    }),
    configure: unary("configuring", async (request: proto.ConfigureRequest) => {
      await port.configure(decodeProperties(request.getArgs()), request.getUrn() ?? "");
      const response = new providerPb.ConfigureResponse();
      response.setAcceptsecrets(true);
      // Components alone are sent such: what of their arguments is secret or not known yet, and not all beside it.
      response.setAcceptoutputs(true);
      response.setSupportspreview(true);
      return response;
    }),
    check: unary("checking", async (request: proto.CheckRequest) => {
      const urn = request.getUrn();
      const news = decodeProperties(request.getNews());
      return checkResponse(await port.check(port.resource(urn), urn, news));
    }),
    diff: unary("comparing", (request: proto.DiffRequest) => {
      const known = knownOf(request.getId(), request.getOldInputs(), request.getOlds());
      const news = decodeProperties(request.getNews());
      const resource = port.resource(request.getUrn());
      return diffResponse(resource.diff(known, news), request.getIgnorechangesList());
    }),
    create: unary("creating", (request: proto.CreateRequest) => create(port, request)),
    read: unary("reading", (request: proto.ReadRequest) => read(port, request)),
    update: unary("updating", (request: proto.UpdateRequest) => update(port, request)),
    delete: unary("deleting", async (request: proto.DeleteRequest) => {
      const resource = port.resource(request.getUrn());
      const known = knownOf(request.getId(), request.getOldInputs(), request.getProperties());
      using operation = start(port, request, "deleting", resource.timeoutsMs.delete);
      await resource.delete(port.context(), operation, known);
      return new emptyPb.Empty();
    }),
    // Sent on every normal close as well; anything but success would be reported as a crash.
    cancel: unary("cancelling", () => {
      port.operations.cancelAll();
      return new emptyPb.Empty();
    }),
    getPluginInfo: unary("giving the version", () => {
      const info = new pluginPb.PluginInfo();
      info.setVersion(port.version);
      return info;
    }),
    attach: unary("attaching", (request: { getAddress(): string }) => {
      port.useEngine(request.getAddress());
      return new emptyPb.Empty();
    }),
    getMapping: unary("giving a mapping", () => new providerPb.GetMappingResponse()),
    getMappings: unary("giving mappings", () => new providerPb.GetMappingsResponse()),
    parameterize: refuse("parameterisation"),
    invoke: unary("asking", (request: proto.InvokeRequest) => invoke(port, request)),
    call: refuse("the method"),
    construct: (
      call: ServerUnaryCall<proto.ConstructRequest, Message>,
      callback: sendUnaryData<Message>,
    ) => {
      port.components.construct(call.request).then(
        (response) => callback(null, response),
        (error: unknown) => callback(constructFailure(error), null),
      );
    },
    list: (call: { emit(name: "error", error: unknown): void }) => {
      call.emit("error", toGrpcFailure(new NotImplemented("listing"), "listing"));
    },
  };
}

async function invoke(port: ProviderPort, request: proto.InvokeRequest): Promise<Message> {
  const response = new providerPb.InvokeResponse();
  const { failures, answer } = await port.invoke(
    request.getTok(),
    decodeProperties(request.getArgs()),
  );
  if (answer !== null) response.setReturn(encodeProperties(answer));
  response.setFailuresList(failuresOf(failures));
  return response;
}

async function create(port: ProviderPort, request: proto.CreateRequest): Promise<Message> {
  const resource = port.resource(request.getUrn());
  const inputs = decodeProperties(request.getProperties());
  const response = new providerPb.CreateResponse();
  const fill = ({ id, state }: { id: string; state: Properties }) => {
    response.setId(id);
    response.setProperties(encodeProperties(outputs(resource, state)));
    response.setRefreshBeforeUpdate(isRefreshed(port, resource));
    return response;
  };
  const inform = (message: string, severity?: Severity) =>
    port.operations.inform(request.getUrn(), message, severity);
  if (request.getPreview()) {
    const preview = resource.previewCreate(inputs, inform);
    await resource.foretell?.(port.context(), inputs, inform);
    return fill(preview);
  }
  using operation = start(port, request, "creating", resource.timeoutsMs.create);
  return fill(await resource.create(port.context(), operation, inputs));
}

async function update(port: ProviderPort, request: proto.UpdateRequest): Promise<Message> {
  const resource = port.resource(request.getUrn());
  const known = knownOf(request.getId(), request.getOldInputs(), request.getOlds());
  const news = decodeProperties(request.getNews());
  const response = new providerPb.UpdateResponse();
  const fill = (state: Properties) => {
    response.setProperties(encodeProperties(outputs(resource, state)));
    response.setRefreshBeforeUpdate(isRefreshed(port, resource));
    return response;
  };
  const inform = (message: string, severity?: Severity) =>
    port.operations.inform(request.getUrn(), message, severity);
  if (request.getPreview()) {
    const preview = resource.previewUpdate(known, news, inform);
    await resource.foretell?.(port.context(), news, inform);
    return fill(preview);
  }
  using operation = start(port, request, "updating", resource.timeoutsMs.update);
  return fill(await resource.update(port.context(), operation, known, news));
}

async function read(port: ProviderPort, request: proto.ReadRequest): Promise<Message> {
  const resource = port.resource(request.getUrn());
  const known = knownOf(request.getId(), request.getInputs(), request.getProperties());
  using operation = start(port, request, "reading", resource.timeoutsMs.read);
  const found = await resource.read(port.context(), operation, known);
  const response = new providerPb.ReadResponse();
  if (found === null) return response;
  response.setId(found.id);
  response.setInputs(encodeProperties(found.inputs));
  response.setProperties(encodeProperties(outputs(resource, found.state)));
  response.setRefreshBeforeUpdate(isRefreshed(port, resource));
  return response;
}

/**
 * State as it leaves this process: without the inputs that are secret, which the engine keeps beside it. A program's
 * Pulumi writes what it is answered to its debug output, in plain.
 */
function outputs({ rules, derived }: Resource, state: Properties): Properties {
  const paths = rules.secrets.map((path) => path.split("."));
  return without({ ...state, ...derived?.(state) }, paths) as Properties;
}

/** Whether the engine reads the resource before each later update. */
function isRefreshed(port: ProviderPort, { drifts }: Resource): boolean {
  return drifts && (port.settings()?.refreshBeforeUpdate ?? false);
}

type WireProperties = ReturnType<proto.DiffRequest["getOlds"]>;

function knownOf(id: string, inputs: WireProperties, state: WireProperties): Known {
  return { id, inputs: decodeProperties(inputs), state: decodeProperties(state) };
}

function start(
  port: ProviderPort,
  request: { getUrn(): string; getTimeout?(): number },
  verb: string,
  defaultMs: number,
): Operation {
  const urn = request.getUrn();
  const doing = `${verb} ${urn.split("::").at(-1) ?? urn}`;
  return port.operations.start({
    urn,
    doing,
    timeoutSeconds: request.getTimeout?.() ?? 0,
    defaultMs,
  });
}

/** A method as grpc-js wants it: an error of any kind becomes an answer, never an uncaught exception. */
function unary<Request>(
  doing: string,
  handle: (request: Request) => Message | Promise<Message>,
): handleUnaryCall<Request, Message> {
  return (call: ServerUnaryCall<Request, Message>, callback: sendUnaryData<Message>) => {
    const fail = (error: unknown) => {
      const failure = toGrpcFailure(error, doing);
      callback({ ...failure, name: "Error", message: failure.details }, null, failure.metadata);
    };
    // Within the chain, so that what throws at once is answered too.
    const answer = Promise.resolve(call.request).then(handle);
    answer.then((response) => callback(null, response), fail);
  };
}

/** As Pulumi's own machinery says it, which has said it for the wire already; or of ours, when that does not run. */
function constructFailure(error: unknown): Partial<ServiceError> {
  if (isServiceError(error)) return error;
  const failure = toGrpcFailure(error, "declaring a component");
  return { ...failure, name: "Error", message: failure.details };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "metadata" in error;
}

function refuse(what: string): handleUnaryCall<unknown, Message> {
  return unary(what, () => {
    throw new NotImplemented(what);
  });
}
