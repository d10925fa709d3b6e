import { int, type OnnxNode, text } from "../onnx/index.ts";

const WINDOW = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"];
const RECURRENT = [
  ...["activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size"],
  ...["layout", "output_sequence"],
];
// What operator sets 1 to 6 had besides.
const OLD = ["consumed_inputs", "is_test", "broadcast", "axis"];

// Source: the operator schemas of ONNX 1.20, every version. What has only those of `OLD`, or none, is not listed.
/** Attributes of operators that the estimate knows what they mean for the work. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  Conv: [...WINDOW, "group"],
  ConvTranspose: [...WINDOW, "group", "output_padding", "output_shape"],
  DeformConv: [...WINDOW, "group", "offset_group"],
  MaxPool: [...WINDOW, "ceil_mode", "storage_order"],
  AveragePool: [...WINDOW, "ceil_mode", "count_include_pad"],
  LpPool: [...WINDOW, "ceil_mode", "p"],
  GlobalLpPool: ["p"],
  Gemm: ["alpha", "beta", "transA", "transB"],
  Einsum: ["equation"],
  BatchNormalization: ["epsilon", "momentum", "spatial", "training_mode"],
  InstanceNormalization: ["epsilon"],
  LayerNormalization: ["epsilon", "stash_type"],
  GroupNormalization: ["epsilon", "num_groups", "stash_type"],
  LpNormalization: ["p"],
  MeanVarianceNormalization: ["axes"],
  LRN: ["alpha", "beta", "bias", "size"],
  Dropout: ["ratio", "seed"],
  Celu: ["alpha"],
  Elu: ["alpha"],
  LeakyRelu: ["alpha"],
  ThresholdedRelu: ["alpha"],
  HardSigmoid: ["alpha", "beta"],
  Selu: ["alpha", "gamma"],
  Shrink: ["bias", "lambd"],
  Gelu: ["approximate"],
  Clip: ["max", "min"],
  Mod: ["fmod"],
  IsInf: ["detect_negative", "detect_positive"],
  Cast: ["round_mode", "saturate", "to"],
  CastLike: ["round_mode", "saturate"],
  QuantizeLinear: ["block_size", "output_dtype", "precision", "saturate"],
  DequantizeLinear: ["block_size", "output_dtype"],
  ArgMax: ["keepdims", "select_last_index"],
  ArgMin: ["keepdims", "select_last_index"],
  TopK: ["k", "largest", "sorted"],
  Reshape: ["allowzero", "shape"],
  Squeeze: ["axes"],
  Unsqueeze: ["axes"],
  Transpose: ["perm"],
  DepthToSpace: ["blocksize", "mode"],
  SpaceToDepth: ["blocksize"],
  Slice: ["axes", "ends", "starts"],
  Split: ["num_outputs", "split"],
  Pad: ["mode", "paddings", "pads", "value"],
  Upsample: ["height_scale", "mode", "scales", "width_scale"],
  Resize: [
    ...["antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside"],
    ...["extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode"],
  ],
  GatherND: ["batch_dims"],
  ScatterND: ["reduction"],
  ScatterElements: ["reduction"],
  Trilu: ["upper"],
  EyeLike: ["dtype", "k"],
  CumSum: ["exclusive", "reverse"],
  ReverseSequence: ["batch_axis", "time_axis"],
  Range: ["stash_type"],
  Shape: ["end", "start"],
  Constant: [
    ...["sparse_value", "value", "value_float", "value_floats", "value_int", "value_ints"],
    ...["value_string", "value_strings"],
  ],
  ConstantOfShape: ["value"],
  NonMaxSuppression: ["center_point_box"],
  GridSample: ["align_corners", "mode", "padding_mode"],
  RoiAlign: [
    ...["coordinate_transformation_mode", "mode", "output_height", "output_width"],
    ...["sampling_ratio", "spatial_scale"],
  ],
  LSTM: [...RECURRENT, "input_forget"],
  GRU: [...RECURRENT, "linear_before_reset"],
  RNN: RECURRENT,
  If: ["else_branch", "then_branch"],
  Loop: ["body"],
  Scan: [
    ...["body", "directions", "num_scan_inputs", "scan_input_axes", "scan_input_directions"],
    ...["scan_output_axes", "scan_output_directions"],
  ],
};
const REDUCTION = ["axes", "keepdims", "noop_with_empty_axes"];

/** Texts that the estimate knows, by attribute. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  auto_pad: ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"],
  direction: ["forward", "reverse", "bidirectional"],
};

/** Why an attribute of a node leaves its work open; null when all of them are known. */
export function unknownAttribute(node: OnnxNode): string | null {
  const listed = node.op.startsWith("Reduce") ? REDUCTION : (ATTRIBUTES[node.op] ?? []);
  const odd = Object.keys(node.attributes).find(
    (name) => !listed.includes(name) && !OLD.includes(name),
  );
  if (odd !== undefined) return `what its attribute ${odd} does is not known`;
  for (const [name, known] of Object.entries(TEXTS)) {
    const said = text(node, name, known[0] ?? "");
    if (!known.includes(said)) return `${name} ${JSON.stringify(said)} is not known`;
  }
  if (int(node, "antialias", 0) === 1) return "what antialiasing reads is not known";
  if (int(node, "training_mode", 0) === 1) return "it trains";
  return null;
}
