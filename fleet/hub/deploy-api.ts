import { z } from "zod";
import { EnginePrune, SignedEnvelope } from "../contract/index.ts";
import { PublicKeyPem } from "../release/index.ts";
import { DeviceOwner, Digest, PlanSummary } from "../spec/index.ts";

/** Which program put a pipeline on a device. Data for telling programs apart; no right comes of it. */
export const Owner = z
  .strictObject({
    program: z.string().min(1).max(256).meta({ description: "Project and stack." }),
    resource: z.string().min(1).max(1024).meta({ description: "URN of the resource." }),
    id: z.uuid().optional().meta({
      description:
        "Drawn when the resource is made and its own for life, as URNs change and come back; none from a former version.",
    }),
  })
  .meta({ title: "PipelineOwner", description: "Which program put a pipeline on a device." });
export type Owner = z.infer<typeof Owner>;

/** Answer of `GET /roles`: the hub's own key, and the roles in force. */
export const RolesAnswer = z.object({
  onlineKey: PublicKeyPem,
  roles: SignedEnvelope.nullable(),
});
export type RolesAnswer = z.infer<typeof RolesAnswer>;

/** Body of `PUT /roles`. The hub keeps to the first root it is told. */
export const NewRoles = z.strictObject({ roles: SignedEnvelope, rootKey: PublicKeyPem });
export type NewRoles = z.infer<typeof NewRoles>;

/** Which part the device is to run under a name; body of `PUT /devices/<device>/pipelines/<name>` as `NewChoice`. */
export const PipelineChoice = z.strictObject({
  part: Digest,
  owner: Owner,
  plan: PlanSummary.optional(),
});
export type PipelineChoice = z.infer<typeof PipelineChoice>;

/** Body of the request; `from` is the owner that whoever chooses knows to be its own former one, as before a move. */
export const NewChoice = PipelineChoice.extend({ from: Owner.optional() });
export type NewChoice = z.infer<typeof NewChoice>;

const Pair = z.object({ pipeline: SignedEnvelope, set: SignedEnvelope });

/** Answer of `GET /devices/<device>/pipelines/<name>`; its ETag is what a change must name. */
export const PipelineAnswer = z.object({
  /** Null when nothing is chosen; its owner is null when the hub has lost it. */
  choice: PipelineChoice.extend({ owner: Owner.nullable() }).nullable(),
  chosen: Pair.nullable(),
  /** Highest numbers that the hub holds for the name, chosen or not. */
  newest: z.object({ pipeline: SignedEnvelope.nullable(), set: SignedEnvelope.nullable() }),
  /** The pipeline runs by a document of the former version. */
  former: z.boolean(),
  /** Versions of `desired` that the device's agent reads; null when it has never reported. */
  reads: z.array(z.number()).nullable(),
});
export type PipelineAnswer = z.infer<typeof PipelineAnswer>;

/** Answer of `GET /models/sha256:<hex>/set`: a set that names the model; null when none does. */
export const SetAnswer = z.object({ set: SignedEnvelope.nullable() });
export type SetAnswer = z.infer<typeof SetAnswer>;

/** Body of `PUT /devices/<name>/owner`. */
export const DeviceClaim = z.strictObject({ owner: DeviceOwner, takeOver: z.boolean() });
export type DeviceClaim = z.infer<typeof DeviceClaim>;

/** Answer of it: whose the device was before. */
export const DeviceClaimed = z.object({ before: DeviceOwner.nullable() });

/** Body of `DELETE /devices/<name>`: by whose id it is deleted; null from before devices had owners. */
export const DeviceRelease = z.strictObject({ id: DeviceOwner.shape.id.nullable() });
export type DeviceRelease = z.infer<typeof DeviceRelease>;

/** Body of `PUT /devices/<device>/engines/prune`: digests of the keys of the engines that are to go. */
export const EnginesToPrune = EnginePrune.pick({ keys: true });

/** Answer of it: the device reports the number once it has followed. */
export const EnginePruneOrder = z.object({ number: z.number().int().positive() });
