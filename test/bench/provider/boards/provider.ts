/** The provider with a small runtime, in the folder that its one argument names; prints its port. */
import { startServer } from "../../../../infra/provider/server.ts";
import { StubRuntime } from "../../../infra/provider/support/stub-runtime.ts";

const { port } = await startServer(undefined, new StubRuntime(process.argv[2] ?? ""), false);
process.stdout.write(`${port}\n`);
process.stdin.on("end", () => process.exit(0)).resume();
