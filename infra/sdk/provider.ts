import * as pulumi from "@pulumi/pulumi";
import type { UnreachablePolicy } from "../../fleet/spec/index.ts";
import { requireArgs } from "./misuse.ts";

export interface ProviderArgs {
  /** Address of the hub, as devices reach it too. */
  hubUrl: pulumi.Input<string>;
  /** Name of the fleet that the hub serves. */
  fleet: pulumi.Input<string>;
  /** Path of the PEM file with the operator's key, its certificate and the fleet's CA. */
  operatorCredentials: pulumi.Input<string>;
  /** Path of the ed25519 key that releases pipelines; the fleet's root as well unless `rootKey` is set. */
  signingKey: pulumi.Input<string>;
  /** Path of the fleet's root key; its public half alone where somebody else certifies the hub. */
  rootKey?: pulumi.Input<string>;
  /** Raise it by one to begin all numbers anew, after a key was lost. Default: 0. */
  epoch?: pulumi.Input<number>;
  /** What happens when a board or device cannot be reached. Default: error. */
  onUnreachable?: pulumi.Input<UnreachablePolicy>;
  /** Whether every preview and `up` first asks hub and boards how devices and pipelines are. Default: false. */
  refreshBeforeUpdate?: pulumi.Input<boolean>;
}

/** A fleet of its own. Without one, resources belong to the fleet of the stack's `jetfleet:` configuration. */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs, opts?: pulumi.ResourceOptions) {
    requireArgs("Provider", name, args);
    super("jetfleet", name, { ...args }, opts);
  }
}
