import { Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import {
  emptyPb,
  pluginPb,
  providerGrpc,
  providerPb,
} from "../../../../infra/provider/rpc/proto.ts";

type Call = { request: unknown };
type Done = sendUnaryData<unknown>;

/** Answers of a provider that takes everything as it is given; requests are handed on without being looked at. */
const answers: Record<string, (request: never) => unknown> = {
  handshake: () => new providerPb.ProviderHandshakeResponse(),
  checkConfig: checked,
  diffConfig: () => unchanged(),
  configure: () => {
    const response = new providerPb.ConfigureResponse();
    response.setSupportspreview(true);
    return response;
  },
  check: checked,
  diff: () => unchanged(),
  create: (request: InstanceType<typeof providerPb.CreateRequest>) => {
    const response = new providerPb.CreateResponse();
    response.setId("trivial");
    response.setProperties(request.getProperties());
    return response;
  },
  delete: () => new emptyPb.Empty(),
  cancel: () => new emptyPb.Empty(),
  getPluginInfo: () => {
    const info = new pluginPb.PluginInfo();
    info.setVersion("0.0.1");
    return info;
  },
};

function checked(request: InstanceType<typeof providerPb.CheckRequest>) {
  const response = new providerPb.CheckResponse();
  response.setInputs(request.getNews());
  return response;
}

function unchanged() {
  const response = new providerPb.DiffResponse();
  response.setChanges(providerPb.DiffResponse.DiffChanges.DIFF_NONE);
  return response;
}

const methods = Object.keys(providerGrpc.ResourceProviderService);
const service = Object.fromEntries(
  methods.map((method) => [
    method,
    ({ request }: Call, done: Done) => {
      const answer = answers[method];
      if (answer) done(null, answer(request as never));
      else done({ code: 12, name: "Error", message: `${method} is not there` }, null);
    },
  ]),
);
const server = new Server();
server.addService(
  providerGrpc.ResourceProviderService as unknown as Parameters<Server["addService"]>[0],
  service as never,
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
process.once("SIGINT", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
