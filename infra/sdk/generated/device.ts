// Written by `node infra/generate/main.ts` from the schemas; what is to be changed stands there.
import * as pulumi from "@pulumi/pulumi";
import { inputsOf } from "../inputs.ts";
import type {
  BoardName,
  Clocks,
  DeviceContainer,
  DeviceContainerArgs,
  DeviceFacts,
  DeviceOwner,
  FormerBoard,
  MaintenanceWindow,
  MaintenanceWindowArgs,
  PackageFile,
  PackageFileArgs,
  PackagePolicy,
  SshArgs,
  UnreachablePolicy,
} from "./types.ts";

export interface DeviceArgs {
  /** Name in the fleet, a DNS label. Default: the name of the resource. */
  name?: pulumi.Input<string | undefined>;
  /** Host name or IP address of the board; none where it is enrolled. */
  address?: pulumi.Input<string | undefined>;
  /** SSH port. Default: 22. */
  port?: pulumi.Input<number | undefined>;
  /** Hardware of the board. When given, any other is refused. */
  board?: pulumi.Input<BoardName | undefined>;
  /** How to reach the board over SSH. */
  ssh?: pulumi.Input<SshArgs | undefined>;
  /**
   * True in place of address and ssh for a board that only connects out: it becomes the device by
   * the line that `jetfleet enroll` prints. Default: false.
   */
  enroll?: pulumi.Input<boolean | undefined>;
  /**
   * What parts may be signed for in place of the device's name, such as site: basel. The hub has no
   * say in them.
   */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>> | undefined>;
  /**
   * nvpmodel mode that the board is to be in, by its name, such as MODE_30W_ALL. A change restarts
   * the agent. Default: as it is; the mode that was before comes back when this goes, or the
   * device.
   */
  powerMode?: pulumi.Input<string | undefined>;
  /**
   * max: clocks of CPU, GPU and memory stand at the top of the power mode, also after boots
   * (`jetson_clocks`); dynamic: they follow the load. A change restarts the agent. Default: as they
   * are; what was before comes back when this goes, or the device.
   */
  clocks?: pulumi.Input<Clocks | undefined>;
  /**
   * Profile that the board's fan is to follow, of those that it has (/etc/nvfancontrol.conf; quiet
   * and cool before JetPack 5). A change restarts the agent. Default: as it is; the one that was
   * before comes back when this goes, or the device.
   */
  fanProfile?: pulumi.Input<string | undefined>;
  /**
   * What happens when the board lacks Debian packages that are needed (GStreamer's elements):
   * install brings them from the board's own sources, and a delete removes them; refuse names them.
   * Default: refuse.
   */
  packages?: pulumi.Input<PackagePolicy | undefined>;
  /**
   * With packages: "install", Debian packages that are carried to a board which lacks any: of these
   * it gets those that it has not, so that it needs no internet when what they depend on is among
   * them. Default: none.
   */
  packageFiles?: pulumi.Input<pulumi.Input<PackageFileArgs>[] | undefined>;
  /**
   * On a PC with a card: agent and runners run in containers of this image. It is pulled where it
   * is absent, tried before anything that runs is replaced, and a delete removes it where it was
   * pulled for this. A change restarts the agent. Default: none, they run straight under the PC's
   * system.
   */
  container?: pulumi.Input<DeviceContainerArgs | undefined>;
  /**
   * What happens when the board or device cannot be reached. error: the operation fails. skip: an
   * update is put off, with a warning, and the next `up` tries it again; creating and deleting
   * fail. forget: as error, but deleting locks the device out of the hub and forgets it, leaving on
   * the board what was installed.
   */
  onUnreachable?: pulumi.Input<UnreachablePolicy | undefined>;
  /**
   * When what restarts the agent may be done. An `up` at another time puts that off with a warning,
   * and the next one in the window makes it. A device that is new, or whose agent does not run, is
   * never put off. Default: any time.
   */
  maintenanceWindow?: pulumi.Input<MaintenanceWindowArgs | undefined>;
  /**
   * Mebibytes that engines may take on the board; those that nothing runs go, the longest unused
   * first, when all need more. A change restarts the agent. Default: 2048.
   */
  engineQuotaMib?: pulumi.Input<number | undefined>;
  /**
   * Whether a device of this name, or a board, may be taken over that another program's resource
   * owns. Default: false, it is refused and both are named.
   */
  takeOver?: pulumi.Input<boolean | undefined>;
}

const TYPE = "jetfleet:index:Device";

/** Outputs that are not named to Pulumi would not be there for programs. */
const OUTPUTS = [
  "name",
  "address",
  "port",
  "board",
  "enroll",
  "labels",
  "powerMode",
  "clocks",
  "fanProfile",
  "packages",
  "packageFiles",
  "container",
  "onUnreachable",
  "maintenanceWindow",
  "engineQuotaMib",
  "takeOver",
  "module",
  "model",
  "jetpack",
  "tensorrt",
  "driver",
  "cuda",
  "tensorrtRtx",
  "libraryFaults",
  "l4t",
  "machine",
  "simulated",
  "hostKey",
  "runtimeDigest",
  "runtime",
  "agent",
  "enabled",
  "online",
  "fleet",
  "hubUrl",
  "owner",
  "takenOverBy",
  "imported",
  "formerBoards",
  "keyId",
  "facts",
];

/** Dotted paths; `*` stands for any key. */
const SECRETS: readonly string[] = [
  "ssh.passphrase",
  "ssh.password",
  "ssh.sudoPassword",
  "ssh.jumpHosts.*.passphrase",
  "ssh.jumpHosts.*.password",
];

/**
 * One Jetson of the fleet. Creating it installs the agent over SSH and waits until it is online;
 * deleting it removes all that was installed.
 */
export class Device extends pulumi.CustomResource {
  /** Name in the fleet, a DNS label. Default: the name of the resource. */
  declare readonly name: pulumi.Output<string>;
  /** Host name or IP address of the board; none where it is enrolled. */
  declare readonly address: pulumi.Output<string | undefined>;
  /** SSH port. */
  declare readonly port: pulumi.Output<number>;
  /** Hardware of the board. When given, any other is refused. */
  declare readonly board: pulumi.Output<BoardName>;
  /**
   * True in place of address and ssh for a board that only connects out: it becomes the device by
   * the line that `jetfleet enroll` prints. Default: false.
   */
  declare readonly enroll: pulumi.Output<boolean | undefined>;
  /** What the device is addressed by. */
  declare readonly labels: pulumi.Output<Record<string, string> | undefined>;
  /** nvpmodel mode that the board was in when it was looked at last. */
  declare readonly powerMode: pulumi.Output<string | undefined>;
  /**
   * Whether clocks stood at the top of the power mode or followed the load; null when the board
   * does not tell.
   */
  declare readonly clocks: pulumi.Output<Clocks | undefined>;
  /** Profile that the fan followed; null when there is none. */
  declare readonly fanProfile: pulumi.Output<string | undefined>;
  /**
   * What happens when the board lacks Debian packages that are needed (GStreamer's elements):
   * install brings them from the board's own sources, and a delete removes them; refuse names them.
   * Default: refuse.
   */
  declare readonly packages: pulumi.Output<PackagePolicy | undefined>;
  /**
   * With packages: "install", Debian packages that are carried to a board which lacks any: of these
   * it gets those that it has not, so that it needs no internet when what they depend on is among
   * them. Default: none.
   */
  declare readonly packageFiles: pulumi.Output<PackageFile[] | undefined>;
  /**
   * On a PC with a card: agent and runners run in containers of this image. It is pulled where it
   * is absent, tried before anything that runs is replaced, and a delete removes it where it was
   * pulled for this. A change restarts the agent. Default: none, they run straight under the PC's
   * system.
   */
  declare readonly container: pulumi.Output<DeviceContainer | undefined>;
  /**
   * What happens when the board or device cannot be reached. error: the operation fails. skip: an
   * update is put off, with a warning, and the next `up` tries it again; creating and deleting
   * fail. forget: as error, but deleting locks the device out of the hub and forgets it, leaving on
   * the board what was installed.
   */
  declare readonly onUnreachable: pulumi.Output<UnreachablePolicy | undefined>;
  /**
   * When what restarts the agent may be done. An `up` at another time puts that off with a warning,
   * and the next one in the window makes it. A device that is new, or whose agent does not run, is
   * never put off. Default: any time.
   */
  declare readonly maintenanceWindow: pulumi.Output<MaintenanceWindow | undefined>;
  /**
   * Mebibytes that engines may take on the board; those that nothing runs go, the longest unused
   * first, when all need more. A change restarts the agent. Default: 2048.
   */
  declare readonly engineQuotaMib: pulumi.Output<number | undefined>;
  /**
   * Whether a device of this name, or a board, may be taken over that another program's resource
   * owns. Default: false, it is refused and both are named.
   */
  declare readonly takeOver: pulumi.Output<boolean | undefined>;
  /** Module that the board carries; null when only its family is certain. */
  declare readonly module: pulumi.Output<string | undefined>;
  /** The device-tree's model string. */
  declare readonly model: pulumi.Output<string>;
  /** JetPack version of the board. */
  declare readonly jetpack: pulumi.Output<string | undefined>;
  /** TensorRT version that is installed; null when none is. */
  declare readonly tensorrt: pulumi.Output<string | undefined>;
  /** Version of the driver of a PC's card; null of other boards. */
  declare readonly driver: pulumi.Output<string | undefined>;
  /** The newest CUDA that the driver of a PC's card runs; null of others. */
  declare readonly cuda: pulumi.Output<string | undefined>;
  /** TensorRT-RTX version that a PC has; null when it has none. */
  declare readonly tensorrtRtx: pulumi.Output<string | undefined>;
  /**
   * What of its JetPack's TensorRT and cuDNN is not installed or of another release; empty when all
   * is as it should be, null when it cannot be told.
   */
  declare readonly libraryFaults: pulumi.Output<string[] | undefined>;
  /** L4T version of the board. */
  declare readonly l4t: pulumi.Output<string>;
  /** What `uname -m` says. */
  declare readonly machine: pulumi.Output<string>;
  /** True for a simulated board. */
  declare readonly simulated: pulumi.Output<boolean>;
  /** Fingerprint of the SSH host key, pinned or seen first. */
  declare readonly hostKey: pulumi.Output<string>;
  /** Digest of the runtime that is installed. */
  declare readonly runtimeDigest: pulumi.Output<string>;
  /** Version of the runtime, of this clone when all is well. */
  declare readonly runtime: pulumi.Output<string | undefined>;
  /** State of the agent's unit: active, inactive, failed, missing … */
  declare readonly agent: pulumi.Output<string>;
  /** Whether the agent starts with the board. */
  declare readonly enabled: pulumi.Output<boolean>;
  /** Whether the agent is connected to the hub. */
  declare readonly online: pulumi.Output<boolean>;
  /** Fleet that the device belongs to. */
  declare readonly fleet: pulumi.Output<string>;
  /** Hub that the device was told to use. */
  declare readonly hubUrl: pulumi.Output<string>;
  /** Whose the device is: this resource; absent until a version with owners provisions it. */
  declare readonly owner: pulumi.Output<DeviceOwner | undefined>;
  /** Whose the board is by now, when that is another resource. */
  declare readonly takenOverBy: pulumi.Output<string | undefined>;
  /** True from an import of another program's board until the next update claims it. */
  declare readonly imported: pulumi.Output<boolean | undefined>;
  /**
   * Boards that the device was on before and that have its agent still; any `up` tries to remove
   * it.
   */
  declare readonly formerBoards: pulumi.Output<FormerBoard[] | undefined>;
  /** Key whose desired documents the device obeys. */
  declare readonly keyId: pulumi.Output<string>;
  /** What a Pipeline takes as its device. */
  declare readonly facts: pulumi.Output<DeviceFacts>;

  constructor(name: string, args: DeviceArgs, opts?: pulumi.CustomResourceOptions) {
    super(TYPE, name, inputsOf("Device", name, args, OUTPUTS, SECRETS), opts);
  }
}
