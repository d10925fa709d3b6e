import type { Layer } from "../layers/index.ts";
import type { DlaPrecision } from "./rule.ts";

const BANKS = 16;
const BANK_BYTES = 32_768;
const ATOM_BYTES = 32;
const ENTRIES_PER_BANK = 256;

export interface BufferNeed {
  weightBanks: number;
  dataBanks: number;
  fits: boolean;
}

/**
 * Banks of the convolution buffer that one convolution needs at least: weights of one output channel, and the
 * input rows under the (dilated) kernel. Source: TensorRT developer guide of the 8.4 era.
 */
export function bufferNeed(layer: Layer, precision: DlaPrecision): BufferNeed | null {
  const { window, inputs, groups = 1 } = layer;
  const [, channels = -1, , width = -1] = inputs[0]?.dims ?? [];
  const [kh = 1, kw = 1] = window?.kernel ?? [];
  if (channels < 0 || width < 0) return null;
  const size = precision === "int8" ? 1 : 2;
  const perGroup = channels / groups;
  const weightBytes = Math.ceil((perGroup * kh * kw * size) / 128) * 128;
  const weightBanks = Math.ceil(weightBytes / BANK_BYTES);
  const entriesPerSlice = Math.ceil((Math.ceil((perGroup * size) / ATOM_BYTES) * width) / 4);
  const rows = (kh - 1) * (window?.dilation[0] ?? 1) + 1;
  const dataBanks = Math.ceil((entriesPerSlice * rows) / ENTRIES_PER_BANK);
  return { weightBanks, dataBanks, fits: weightBanks + dataBanks <= BANKS };
}
