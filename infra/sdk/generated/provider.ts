// Written by `node infra/generate/main.ts` from the schemas; what is to be changed stands there.
import * as pulumi from "@pulumi/pulumi";
import { inputsOf } from "../inputs.ts";
import type { UnreachablePolicy } from "./types.ts";

export interface ProviderArgs {
  /** Address of the hub, as devices reach it too. */
  hubUrl: pulumi.Input<string>;
  /** Name of the fleet that the hub serves. */
  fleet: pulumi.Input<string>;
  /** Path of the PEM file with the operator's key, its certificate and the fleet's CA. */
  operatorCredentials: pulumi.Input<string>;
  /**
   * Path of the ed25519 key that releases pipelines (PKCS#8 PEM). It is the fleet's root as well
   * unless rootKey is set.
   */
  signingKey: pulumi.Input<string>;
  /**
   * Path of the fleet's root key, which devices pin and which says whose signatures count. Where it
   * is the public half alone, somebody else certifies the hub and this release key.
   */
  rootKey?: pulumi.Input<string | undefined>;
  /**
   * Raise it by one to begin all numbers anew, with this release key alone: after a key was lost,
   * or a number was driven too high. It never goes back.
   */
  epoch?: pulumi.Input<number | undefined>;
  /**
   * What happens when the board or device cannot be reached. error: the operation fails. skip: an
   * update is put off, with a warning, and the next `up` tries it again; creating and deleting
   * fail. forget: as error, but deleting locks the device out of the hub and forgets it, leaving on
   * the board what was installed. Default: error.
   */
  onUnreachable?: pulumi.Input<UnreachablePolicy | undefined>;
  /**
   * Path of the private key for boards that are imported by USER@ADDRESS, as their programs give it
   * in ssh.privateKeyPath. Nothing else uses it. Default: the keys of the SSH agent at
   * SSH_AUTH_SOCK.
   */
  importKey?: pulumi.Input<string | undefined>;
  /**
   * Whether every preview and `up` first asks hub and boards how devices and pipelines are, as with
   * --refresh, and mends what is not as it was left. For each from its next update or refresh on.
   * Default: false.
   */
  refreshBeforeUpdate?: pulumi.Input<boolean | undefined>;
}

/**
 * A fleet of its own. Without one, resources belong to the fleet of the stack's `jetfleet:`
 * configuration.
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs, opts?: pulumi.ResourceOptions) {
    super("jetfleet", name, inputsOf("Provider", name, args, [], []), opts);
  }
}
