import * as pulumi from "@pulumi/pulumi";
import * as jf from "jetfleet";

const config = new pulumi.Config();
const privateKeyPath = config.get("privateKeyPath");

/** Boards that run an agent of the fleet, by the names that the devices have: USER@ADDRESS or USER@ADDRESS:PORT. */
const boards = config.requireObject<Record<string, string>>("boards");

// With `import` nothing is installed: the device is read from its board, and what stands here must be as it is there.
for (const [name, where] of Object.entries(boards)) {
  const { user, address, port } =
    /^(?<user>[^@]+)@(?<address>[^:]+):?(?<port>\d*)$/.exec(where)?.groups ?? {};
  if (!user || !address)
    throw new pulumi.RunError(`boards.${name}: expected USER@ADDRESS[:PORT], got ${where}`);
  const ssh = { user, ...(privateKeyPath !== undefined && { privateKeyPath }) };
  new jf.Device(name, { address, ...(port && { port: Number(port) }), ssh }, { import: where });
}
