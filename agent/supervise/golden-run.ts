import type { SelfTestFigures } from "../../fleet/contract/index.ts";
import {
  figuresOf,
  goldenPictures,
  SELF_TEST_MIN_SCORE,
  SELF_TEST_NMS_IOU,
} from "../../fleet/engine/index.ts";
import type { NativeAddon, NativeModelOptions } from "../../native/binding/api.ts";
import type { GoldenSubject } from "./ipc.ts";

/** What an engine, or a model as it is, finds in the golden pictures of the model. Throws what the addon does. */
export async function runGolden(
  addon: Pick<NativeAddon, "detectImage">,
  { model, accelerator, decoder, labelCount, ...subject }: GoldenSubject,
): Promise<SelfTestFigures> {
  const options: NativeModelOptions = {
    ...subject,
    decoder,
    labels: Array.from({ length: labelCount }, (_, at) => String(at)),
    minScore: SELF_TEST_MIN_SCORE,
    nmsIou: SELF_TEST_NMS_IOU,
    ...(accelerator !== "cpu" && { lanes: [{ accelerator }] }),
  };
  const found = [];
  for (const picture of goldenPictures(model)) {
    found.push(await addon.detectImage(options, picture));
  }
  return figuresOf(decoder, found);
}
