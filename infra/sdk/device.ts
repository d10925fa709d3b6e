import * as pulumi from "@pulumi/pulumi";
import type { BoardName, UnreachablePolicy } from "../../fleet/spec/index.ts";
import { requireArgs } from "./misuse.ts";
import { isPlain, markSecrets, withSecrets } from "./secrets.ts";

/** How to log in at one host: with a key, with the keys of an agent, or with a password. */
export interface SshLoginArgs {
  /** The login. Default: nvidia. */
  user?: pulumi.Input<string>;
  /** Path of the private key; a leading ~ is the home folder. Only the path is kept in state. */
  privateKeyPath?: pulumi.Input<string>;
  /** Passphrase of an encrypted private key; a secret in state. */
  passphrase?: pulumi.Input<string>;
  /** Whether the keys of the SSH agent at SSH_AUTH_SOCK are offered. Default: where neither key nor password is given. */
  agent?: pulumi.Input<boolean>;
  /** Password of the login, also where the server asks for it in a dialogue; a secret in state. */
  password?: pulumi.Input<string>;
  /** Host key fingerprint as `ssh-keygen -lf` prints it. When absent, the first one seen is pinned. */
  hostKey?: pulumi.Input<string>;
  /** A file such as ~/.ssh/known_hosts that says which host keys are known; asked while none is pinned or in state. */
  knownHosts?: pulumi.Input<string>;
}

/** A host on the way to a board. Its key must be known: by `hostKey` or `knownHosts`. */
export interface SshJumpHostArgs extends SshLoginArgs {
  /** Host name or IP address, as seen from the host before. */
  address: pulumi.Input<string>;
  /** SSH port. Default: 22. */
  port?: pulumi.Input<number>;
}

export interface SshArgs extends SshLoginArgs {
  /** What sudo asks the login for, where it asks; a secret in state. Default: nothing. */
  sudoPassword?: pulumi.Input<string>;
  /** Hosts on the way to the board, the first one first; at most 8. */
  jumpHosts?: pulumi.Input<pulumi.Input<SshJumpHostArgs>[]>;
  /**
   * A file such as ~/.ssh/config; `address` is then a host as it is called there. HostName, Port, User, ProxyJump,
   * IdentityFile, IdentityAgent and known hosts come from it; a key or a host key that is given here comes first.
   */
  config?: pulumi.Input<string>;
}

export interface DeviceArgs {
  /** Name in the fleet. Default: the name of the resource. */
  name?: pulumi.Input<string>;
  /** Host name or IP address of the board; with `ssh`, unless it is enrolled. */
  address?: pulumi.Input<string>;
  /** SSH port. Default: 22. */
  port?: pulumi.Input<number>;
  /** Expected hardware. When given, any other board is refused. */
  board?: pulumi.Input<BoardName>;
  ssh?: pulumi.Input<SshArgs>;
  /**
   * True in place of `address` and `ssh` for a board that only connects out, as behind NAT: it becomes the device by the
   * line that `jetfleet enroll` prints. Its labels are those given there. Default: false.
   */
  enroll?: pulumi.Input<boolean>;
  /**
   * What parts may be signed for in place of the device's name (`scope` of a Pipeline), such as `{ site: "basel" }`:
   * at most 32. A change restarts the agent. Default: none.
   */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * nvpmodel mode that the board is to be in, by its name in /etc/nvpmodel.conf, such as `MODE_30W_ALL`. A change
   * restarts the agent. Default: as it is; the mode that was before comes back when this goes, or the device.
   */
  powerMode?: pulumi.Input<string>;
  /**
   * Mebibytes that engines may take on the board; those that nothing runs go, the longest unused first, when all need
   * more. A change restarts the agent. Default: 2048.
   */
  engineQuotaMib?: pulumi.Input<number>;
  /**
   * What happens when the board lacks Debian packages that are needed, GStreamer's elements among them: `install` brings
   * them from the board's own sources and removes them with the device; `refuse` names them. Default: refuse.
   */
  packages?: pulumi.Input<"install" | "refuse">;
  /**
   * What happens when the board or device cannot be reached: `skip` puts an update off with a warning, `forget` lets a
   * delete lock the device out of the hub and leave its board as it is. Default: that of the provider.
   */
  onUnreachable?: pulumi.Input<UnreachablePolicy>;
  /**
   * Whether a device of this name, or a board, may be taken over that another program's resource owns. Default: false,
   * it is refused and both are named.
   */
  takeOver?: pulumi.Input<boolean>;
}

/**
 * One Jetson of the fleet. Creating it installs the agent over SSH and waits until it is online; deleting it removes
 * all that was installed.
 */
export class Device extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly address: pulumi.Output<string | undefined>;
  declare readonly port: pulumi.Output<number>;
  /** The hardware that was found: the family of the module. */
  declare readonly board: pulumi.Output<BoardName>;
  /** The device-tree's model string. */
  declare readonly model: pulumi.Output<string>;
  /** The module that the board carries, such as agx-xavier-16gb; plans are made for it. */
  declare readonly module: pulumi.Output<string | undefined>;
  declare readonly jetpack: pulumi.Output<string | undefined>;
  /** The version of TensorRT that is installed. */
  declare readonly tensorrt: pulumi.Output<string | undefined>;
  /** What of its JetPack's TensorRT and cuDNN is not installed or of another release. */
  declare readonly libraryFaults: pulumi.Output<string[] | undefined>;
  declare readonly l4t: pulumi.Output<string>;
  /** The nvpmodel mode that the board was in when it was looked at last; plans are made for it. */
  declare readonly powerMode: pulumi.Output<string | undefined>;
  declare readonly machine: pulumi.Output<string>;
  /** True for a simulated board. */
  declare readonly simulated: pulumi.Output<boolean>;
  /** Fingerprint of the SSH host key, pinned or seen first. */
  declare readonly hostKey: pulumi.Output<string>;
  /** State of the agent's unit on the board; `active` when all is well. */
  declare readonly agent: pulumi.Output<string>;
  declare readonly labels: pulumi.Output<Record<string, string>>;
  declare readonly onUnreachable: pulumi.Output<UnreachablePolicy | undefined>;
  declare readonly engineQuotaMib: pulumi.Output<number | undefined>;
  declare readonly packages: pulumi.Output<"install" | "refuse" | undefined>;
  declare readonly online: pulumi.Output<boolean>;
  declare readonly runtimeDigest: pulumi.Output<string>;

  constructor(name: string, args: DeviceArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Device", name, args);
    super(
      "jetfleet:index:Device",
      name,
      { ...OUTPUTS, ...args, ssh: withSecretLogins(args.ssh) },
      opts,
    );
  }
}

function withSecretLogins(ssh: DeviceArgs["ssh"]): DeviceArgs["ssh"] {
  // None where the board is enrolled.
  if (ssh === undefined) return ssh;
  if (!isPlain(ssh)) return pulumi.output(ssh).apply(withSecretLogins as never);
  const { jumpHosts, ...login } = ssh as SshArgs;
  const board = markSecrets<SshArgs>(login, ["passphrase", "password", "sudoPassword"]);
  return jumpHosts === undefined ? board : { ...board, jumpHosts: withSecretJumps(jumpHosts) };
}

function withSecretJumps(jumps: NonNullable<SshArgs["jumpHosts"]>): typeof jumps {
  if (!isPlain(jumps)) return pulumi.output(jumps).apply(withSecretJumps as never);
  if (!Array.isArray(jumps)) return jumps;
  return jumps.map((jump) => withSecrets<SshJumpHostArgs>(jump, ["passphrase", "password"]));
}

// Outputs that are not named here or in the arguments would not be there for programs.
const OUTPUTS = {
  name: undefined,
  port: undefined,
  board: undefined,
  model: undefined,
  module: undefined,
  jetpack: undefined,
  tensorrt: undefined,
  libraryFaults: undefined,
  l4t: undefined,
  powerMode: undefined,
  machine: undefined,
  simulated: undefined,
  hostKey: undefined,
  labels: undefined,
  onUnreachable: undefined,
  engineQuotaMib: undefined,
  packages: undefined,
  agent: undefined,
  online: undefined,
  runtimeDigest: undefined,
};
