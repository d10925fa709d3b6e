import { Server, ServerCredentials } from "@grpc/grpc-js";
import { RuntimeShelf } from "../../fleet/provision/runtime/index.ts";
import { JetfleetProvider } from "./provider.ts";
import { providerGrpc } from "./rpc/proto.ts";
import { createService } from "./rpc/service.ts";

export interface RunningServer {
  port: number;
  provider: JetfleetProvider;
  stop(): Promise<void>;
}

/** Serves the provider on a free port of 127.0.0.1; without a terminal its status lines are one per state. */
export async function startServer(
  engineAddress?: string,
  runtimes: RuntimeShelf = new RuntimeShelf(),
  hasTerminal = true,
): Promise<RunningServer> {
  const provider = new JetfleetProvider(runtimes, hasTerminal);
  if (engineAddress) provider.useEngine(engineAddress);
  const server = new Server({
    "grpc.max_receive_message_length": 400 * 2 ** 20,
    // grpc-js drops calls that had to wait this many seconds behind a busy event loop.
    "grpc.server_max_unrequested_time_in_server": 1800,
  });
  server.addService(
    providerGrpc.ResourceProviderService as unknown as Parameters<Server["addService"]>[0],
    createService(provider),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    provider,
    async stop() {
      await provider.close();
      server.forceShutdown();
    },
  };
}
