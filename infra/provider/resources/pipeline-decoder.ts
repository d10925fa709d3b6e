import { z } from "zod";
import { DecoderObjects, Machine } from "../../../fleet/spec/index.ts";
import type { CheckFailure } from "../check.ts";
import { type Properties, reveal } from "../rpc/values.ts";
import type { Log } from "./resource.ts";

/** Not there as long as some of it is unknown, and for decoders of the runtime's own. */
const OwnDecoder = z.object({
  device: z.object({ name: z.string() }),
  detect: z.object({ model: z.object({ name: z.string(), decoderLibrary: DecoderObjects }) }),
});
const DeviceMachine = z.object({ device: z.object({ machine: z.string() }) });

/** A device whose machine the model's own decoder has no file for; nothing is said of one that nobody has seen yet. */
export function checkDecoder(inputs: Properties): CheckFailure[] {
  const [own, seen] = [OwnDecoder, DeviceMachine].map(
    (schema) => schema.safeParse(reveal(inputs)).data,
  ) as [z.infer<typeof OwnDecoder> | undefined, z.infer<typeof DeviceMachine> | undefined];
  if (own === undefined || seen === undefined) return [];
  const { machine } = seen.device;
  const { name, decoderLibrary } = own.detect.model;
  const known = Machine.safeParse(machine).data;
  if (known !== undefined && decoderLibrary[known] !== undefined) return [];
  return [
    {
      property: "detect.model",
      reason: `expected a decoder of ${name} for ${machine}, the machine of ${own.device.name}, got one for ${filesOf(decoderLibrary)} alone`,
      code: "DECODER_MACHINE",
      hint: `Compile the decoder for ${machine} and name the file in decoderLibrary of the model.`,
    },
  ];
}

/** Says of a device that nobody has seen yet what cannot be known of it. */
export function logDecoder(inputs: Properties, log: Log): void {
  const own = OwnDecoder.safeParse(reveal(inputs)).data;
  if (own === undefined || DeviceMachine.safeParse(reveal(inputs)).success) return;
  const { name, decoderLibrary } = own.detect.model;
  if (Machine.options.every((machine) => decoderLibrary[machine] !== undefined)) return;
  log(
    `the decoder of ${name} is for ${filesOf(decoderLibrary)} alone; whether ${own.device.name} is such a machine is not ` +
      "known before it was reached",
  );
}

function filesOf(library: DecoderObjects): string {
  return Machine.options.filter((machine) => library[machine] !== undefined).join(" and ");
}
