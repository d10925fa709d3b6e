import { Server, ServerCredentials } from "@grpc/grpc-js";
import { emptyPb, engineGrpc } from "../../../../infra/provider/rpc/proto.ts";

export interface EngineLine {
  text: string;
  severity: number;
  ephemeral: boolean;
}

export interface StubEngine {
  address: string;
  lines: EngineLine[];
  stop(): void;
}

/** The engine's log service, which keeps what it is told. */
export async function startEngine(): Promise<StubEngine> {
  const lines: EngineLine[] = [];
  const server = new Server();
  const methods = Object.keys(engineGrpc.EngineService);
  const implementation = Object.fromEntries(
    methods.map((method) => [
      method,
      (_call: unknown, done: Done) => done(null, new emptyPb.Empty()),
    ]),
  );
  server.addService(engineGrpc.EngineService as unknown as Parameters<Server["addService"]>[0], {
    ...implementation,
    log: (call: { request: LogRequest }, done: Done) => {
      lines.push({
        text: call.request.getMessage(),
        severity: call.request.getSeverity(),
        ephemeral: call.request.getEphemeral(),
      });
      done(null, new emptyPb.Empty());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `127.0.0.1:${port}`, lines, stop: () => server.forceShutdown() };
}

type Done = (error: null, value: unknown) => void;

interface LogRequest {
  getMessage(): string;
  getSeverity(): number;
  getEphemeral(): boolean;
}
