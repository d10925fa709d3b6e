import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import type * as proto from "@pulumi/pulumi/proto/provider_pb.js";
import type { Message } from "google-protobuf";
import { FleetError } from "../../../fleet/errors/index.ts";
import { providerGrpc } from "../rpc/proto.ts";

interface Running {
  child: ChildProcess;
  client: ComponentClient;
}

type ComponentClient = Client & {
  construct(
    request: proto.ConstructRequest,
    done: (error: ServiceError | null, response: Message) => void,
  ): void;
};

/** The process that declares components, once there is one to declare. */
export class ComponentProcess {
  /** Of the engine that components are declared to. */
  engineAddress = "";
  #running: Promise<Running> | null = null;

  /** Rejects with what that process answered, or INTERNAL where it did not start. */
  async construct(request: proto.ConstructRequest): Promise<Message> {
    this.#running ??= this.#start();
    const { client } = await this.#running;
    return await new Promise((resolve, reject) => {
      client.construct(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }

  close(): void {
    const running = this.#running;
    this.#running = null;
    running?.then(
      ({ child, client }) => {
        client.close();
        child.kill();
      },
      () => {},
    );
  }

  async #start(): Promise<Running> {
    const main = join(import.meta.dirname, "main.ts");
    const options = ["--disable-warning=ExperimentalWarning"];
    // Its standard input ends with this process, however that ends.
    const child = spawn(process.execPath, [...options, main, this.engineAddress], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    const port = await new Promise<string>((resolve, reject) => {
      const fail = (got: string) => {
        this.#running = null;
        reject(
          new FleetError("INTERNAL", `Expected a process that declares components but ${got}`),
        );
      };
      lines.once("line", resolve);
      child.once("error", ({ message }) => fail(`it did not start: ${message}`));
      child.once("exit", (code, signal) => fail(`it ended with ${signal ?? code}`));
    });
    const Service = providerGrpc.ResourceProviderClient as unknown as new (
      ...of: ConstructorParameters<typeof Client>
    ) => ComponentClient;
    const client = new Service(`127.0.0.1:${port}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": MOST_BYTES,
      "grpc.max_send_message_length": MOST_BYTES,
    });
    child.once("exit", () => client.close());
    return { child, client };
  }
}

/** As the engine's own. */
const MOST_BYTES = 400 * 2 ** 20;
