import * as pulumi from "@pulumi/pulumi";
import { Model, type ModelArgs } from "./generated/model.ts";
import { Provider, type ProviderArgs } from "./generated/provider.ts";
import { mapEntries } from "./map-entries.ts";
import { requireArgs } from "./misuse.ts";
import { Site, type SiteArgs } from "./site.ts";

export interface FleetArgs {
  /** Hub and keys of the fleet. Default: the stack's `jetfleet:` configuration. */
  provider?: ProviderArgs;
  /** Models by name, which the pipelines of its sites may name. */
  models?: Record<string, ModelArgs>;
  /** Sites by name. */
  sites?: Record<string, Omit<SiteArgs, "models">>;
}

/** All of a fleet that one program has: its models, and sites whose pipelines run them. */
export class Fleet extends pulumi.ComponentResource {
  readonly models: Readonly<Record<string, Model>>;
  readonly sites: Readonly<Record<string, Site>>;

  constructor(name: string, args: FleetArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArgs("Fleet", name, args);
    const { provider: own, models = {}, sites = {} } = args;
    // A provider's resources are its children's, so it cannot be a child of what it provides for.
    const provider = own && new Provider(name, own);
    super(
      "jetfleet:index:Fleet",
      name,
      {},
      { ...opts, ...(provider && { providers: [provider] }) },
    );
    const children = { parent: this };
    this.models = mapEntries(models, (key, model) => new Model(key, model, children));
    this.sites = mapEntries(
      sites,
      (key, site) => new Site(key, { ...site, models: this.models }, children),
    );
    this.registerOutputs({});
  }
}
