import { describe, expect, it } from "vitest";
import { placeOnGpu } from "../../../fleet/plan/dla/index.ts";
import { fuse } from "../../../fleet/plan/estimate/kernels.ts";
import { mapGraph } from "../../../fleet/plan/layers/index.ts";
import { inferShapes } from "../../../fleet/plan/shapes/index.ts";
import { ourListing, piece, readListing } from "../support/listing.ts";
import { network } from "../support/models.ts";
import { yolo11 } from "../support/yolo11.ts";

// Layers of engines as TensorRT listed them on Jetsons, each with the piece of the network that it came from.

describe("YOLOX-s on Xavier NX, TensorRT 8.2.1, FP32 (open-mmlab/mmdeploy, issue 1059)", () => {
  it("merges the two convolutions of a stage, fuses SiLU with the sum after it, and copies nothing to join", () => {
    const stage = piece(`
      Conv_6 x * 3x3s2
      Sigmoid_7 Conv_6
      Mul_8 Conv_6 Sigmoid_7
      Conv_9 Mul_8
      Sigmoid_10 Conv_9
      Mul_11 Conv_9 Sigmoid_10
      Conv_12 Mul_8
      Sigmoid_13 Conv_12
      Mul_14 Conv_12 Sigmoid_13
      Conv_15 Mul_14
      Sigmoid_16 Conv_15
      Mul_17 Conv_15 Sigmoid_16
      Conv_18 Mul_17 * 3x3
      Sigmoid_19 Conv_18
      Mul_20 Conv_18 Sigmoid_19
      Add_21 Mul_20 Mul_14
      Concat_22 Add_21 Mul_11
      Conv_23 Concat_22
      Sigmoid_24 Conv_23
      Mul_25 Conv_23 Sigmoid_24`);
    const listed = `
      Conv_6
      PWN(PWN(Sigmoid_7), Mul_8)
      Conv_12 || Conv_9
      PWN(PWN(Sigmoid_13), Mul_14)
      Conv_15
      PWN(PWN(Sigmoid_16), Mul_17)
      Conv_18
      PWN(PWN(Sigmoid_10), Mul_11)
      PWN(PWN(PWN(Sigmoid_19), Mul_20), Add_21)
      Conv_23
      PWN(PWN(Sigmoid_24), Mul_25)`;
    const xavier = { trt: 802, arch: "volta", precision: "fp32" } as const;
    expect(ourListing(stage, xavier)).toEqual(readListing(listed, stage));
  });
});

describe("a ResNet on Xavier NX (open-mmlab/mmdeploy, issue 1103)", () => {
  it("adds in the later of the two convolutions that feed a sum", () => {
    const block = piece(`
      Conv_62 x
      Relu_63 Conv_62
      Conv_64 Relu_63 * 3x3s2
      Relu_65 Conv_64
      Conv_66 Relu_65
      Conv_67 x
      Add_68 Conv_66 Conv_67
      Relu_69 Add_68
      Conv_70 Relu_69
      Relu_71 Conv_70
      Conv_72 Relu_71 * 3x3
      Relu_73 Conv_72
      Conv_74 Relu_73
      Add_75 Conv_74 Relu_69
      Relu_76 Add_75`);
    const listed = `
      Conv_62 + Relu_63
      Conv_64 + Relu_65
      Conv_66
      Conv_67 + Add_68 + Relu_69
      Conv_70 + Relu_71
      Conv_72 + Relu_73
      Conv_74 + Add_75 + Relu_76`;
    const xavier = { trt: 802, arch: "volta", precision: "fp16" } as const;
    expect(ourListing(block, xavier)).toEqual(readListing(listed, block));
  });
});

describe("YOLOv3 on TX2, JetPack 4.6 (open-mmlab/mmdeploy, issue 212)", () => {
  const tx2 = { trt: 800, arch: "pascal", precision: "fp16" } as const;

  it("launches leaky activations apart, with the sum after them", () => {
    const blocks = piece(`
      Conv_80 x
      LeakyRelu_81 Conv_80
      Conv_82 LeakyRelu_81 * 3x3
      LeakyRelu_83 Conv_82
      Add_84 LeakyRelu_83 x
      Conv_85 Add_84
      LeakyRelu_86 Conv_85
      Conv_87 LeakyRelu_86 * 3x3
      LeakyRelu_88 Conv_87
      Add_89 LeakyRelu_88 Add_84`);
    const listed = `
      Conv_80
      LeakyRelu_81
      Conv_82
      PWN(LeakyRelu_83, Add_84)
      Conv_85
      LeakyRelu_86
      Conv_87
      PWN(LeakyRelu_88, Add_89)`;
    expect(ourListing(blocks, tx2)).toEqual(readListing(listed, blocks));
  });

  it("reorders and reshapes in one launch", () => {
    const head = piece("Transpose_334 x\nReshape_335 Transpose_334");
    expect(ourListing(head, tx2)).toEqual(readListing("Transpose_334 + Reshape_335", head));
  });
});

describe("YOLO11n on Nano, TensorRT 8.2.0, FP32 (techgyu/ENVG_Jetson_Nano, 7_reinstall_container_jetson.md)", () => {
  const nano = { trt: 802, arch: "maxwell", precision: "fp32" } as const;

  it("reads the halves of a split in place, and copies both to join them", () => {
    const stage = piece(`
      Conv_25 x
      Sigmoid_26 Conv_25
      Mul_27 Conv_25 Sigmoid_26
      Split_29 Mul_27
      Conv_30 Split_29:1 * 3x3
      Sigmoid_31 Conv_30
      Mul_32 Conv_30 Sigmoid_31
      Conv_33 Mul_32 * 3x3
      Sigmoid_34 Conv_33
      Mul_35 Conv_33 Sigmoid_34
      Add_36 Split_29:1 Mul_35
      Concat_37 Split_29 Split_29:1 Add_36
      Conv_38 Concat_37`);
    const listed = `
      Conv_25
      PWN(PWN(Sigmoid_26), Mul_27)
      Conv_30
      PWN(PWN(Sigmoid_31), Mul_32)
      Conv_33
      PWN(PWN(PWN(Sigmoid_34), Mul_35), Add_36)
      onnx::Concat_206 copy
      input.40 copy
      Conv_38`;
    expect(ourListing(stage, nano)).toEqual(readListing(listed, stage));
  });

  it("copies all four parts where poolings are joined with what they read", () => {
    const pools = piece(`
      Conv_113 x
      Sigmoid_114 Conv_113
      Mul_115 Conv_113 Sigmoid_114
      MaxPool_116 Mul_115
      MaxPool_117 MaxPool_116
      MaxPool_118 MaxPool_117
      Concat_119 Mul_115 MaxPool_116 MaxPool_117 MaxPool_118
      Conv_120 Concat_119`);
    const listed = `
      Conv_113
      PWN(PWN(Sigmoid_114), Mul_115)
      MaxPool_116
      MaxPool_117
      MaxPool_118
      onnx::MaxPool_295 copy
      onnx::MaxPool_296 copy
      onnx::MaxPool_297 copy
      onnx::Concat_298 copy
      Conv_120`;
    expect(ourListing(pools, nano)).toEqual(readListing(listed, pools));
  });

  it("copies what was resized, and not what a convolution reads besides", () => {
    const neck = piece(`
      Conv_74 y
      Sigmoid_75 Conv_74
      Mul_76 Conv_74 Sigmoid_75
      Conv_77 Mul_76 * 3x3s2
      Resize_154 Mul_153
      Concat_155 Resize_154 Mul_76
      Conv_156 Concat_155`);
    const listed = `
      Conv_74
      PWN(PWN(Sigmoid_75), Mul_76)
      Conv_77
      Resize_154
      onnx::Concat_375 copy
      Conv_156`;
    expect(ourListing(neck, nano)).toEqual(readListing(listed, neck));
  });

  it("copies what is both resized and joined", () => {
    const neck = piece(`
      Conv_169 x
      Sigmoid_170 Conv_169
      Mul_171 Conv_169 Sigmoid_170
      Resize_172 Mul_171
      Conv_190 y * 3x3s2
      Sigmoid_191 Conv_190
      Mul_192 Conv_190 Sigmoid_191
      Concat_193 Mul_192 Mul_171
      Conv_194 Concat_193`);
    const listed = `
      Conv_169
      PWN(PWN(Sigmoid_170), Mul_171)
      Resize_172
      Conv_190
      PWN(PWN(Sigmoid_191), Mul_192)
      onnx::Resize_393 copy
      Conv_194`;
    expect(ourListing(neck, nano)).toEqual(readListing(listed, neck));
  });

  it("merges no convolutions of other strides or groups", () => {
    const heads = piece(`
      Conv_190 x * 3x3s2
      Conv_247 x * 3x3
      Conv_254 x * depthwise`);
    expect(ourListing(heads, nano)).toEqual(readListing("Conv_190\nConv_247\nConv_254", heads));
  });

  it("adds in a convolution without an activation too, and copies the sum to join it", () => {
    const attention = piece(`
      Conv_141 x
      Add_142 MatMul_138 Conv_141
      Conv_143 Add_142
      Add_144 y Conv_143
      Conv_145 Add_144
      Sigmoid_146 Conv_145
      Mul_147 Conv_145 Sigmoid_146
      Conv_148 Mul_147
      Add_149 Add_144 Conv_148
      Concat_150 Split_127 Add_149
      Conv_151 Concat_150`);
    const listed = `
      Conv_141 + Add_142
      Conv_143 + Add_144
      Conv_145
      PWN(PWN(Sigmoid_146), Mul_147)
      Conv_148 + Add_149
      onnx::Concat_307 copy
      onnx::Concat_366 copy
      Conv_151`;
    expect(ourListing(attention, nano)).toEqual(readListing(listed, attention));
  });

  it("lists the whole network as we do, but for splits that it takes as slices of their own", () => {
    const network = yolo11();
    expect(network.at(-1)?.name).toBe("Concat_309");
    const { launches, copies } = ourListing(network, nano);
    const withConv = launches.filter((names) => / /.test(names) && names.includes("Conv_"));
    expect(withConv).toEqual([
      ...["Add_142 Conv_141", "Add_144 Conv_143", "Add_149 Conv_148"],
      ...["Conv_102 Conv_85", "Conv_219 Conv_236", "Conv_49 Conv_66"],
    ]);
    const sums = launches.filter((names) => /^Add_\d+ Mul_\d+ Sigmoid_\d+$/.test(names));
    expect(sums.map((names) => Number(/\d+/.exec(names)?.[0])).toSorted((a, b) => a - b)).toEqual([
      17, 36, 58, 65, 94, 101, 167, 185, 205, 228, 235,
    ]);
    // The log has these, and Split_10, Split_10_0 and Split_127_4 besides, and 25 copies.
    expect(launches).toHaveLength(166);
    expect(copies).toBe(26);
  });
});

describe("YOLO11n on Orin, TensorRT 8.5.2, FP16 (ultralytics/ultralytics, issue 17640)", () => {
  const orin = { trt: 805, arch: "ampere", precision: "fp16" } as const;

  it("takes SiLU into its convolution, unless a sum follows or convolutions were merged", () => {
    const block = piece(`
      /m.1/cv2/conv/Conv x * 3x3
      /m.1/cv2/act/Sigmoid /m.1/cv2/conv/Conv
      /m.1/cv2/act/Mul /m.1/cv2/conv/Conv /m.1/cv2/act/Sigmoid
      /m.1/Add r /m.1/cv2/act/Mul
      /model.7/conv/Conv /m.1/Add * 3x3s2
      /model.7/act/Sigmoid /model.7/conv/Conv
      /model.7/act/Mul /model.7/conv/Conv /model.7/act/Sigmoid
      /m.0/cv1/conv/Conv /model.7/act/Mul
      /m.0/cv1/act/Sigmoid /m.0/cv1/conv/Conv
      /m.0/cv1/act/Mul /m.0/cv1/conv/Conv /m.0/cv1/act/Sigmoid
      /m.0/cv2/conv/Conv /model.7/act/Mul
      /m.0/cv2/act/Sigmoid /m.0/cv2/conv/Conv
      /m.0/cv2/act/Mul /m.0/cv2/conv/Conv /m.0/cv2/act/Sigmoid`);
    const listed = `
      CONVOLUTION: /m.1/cv2/conv/Conv
      POINTWISE: PWN(PWN(PWN(/m.1/cv2/act/Sigmoid), /m.1/cv2/act/Mul), /m.1/Add)
      CONVOLUTION: /model.7/conv/Conv + PWN(PWN(/model.7/act/Sigmoid), /model.7/act/Mul)
      CONVOLUTION: /m.0/cv1/conv/Conv || /m.0/cv2/conv/Conv
      POINTWISE: PWN(PWN(/m.0/cv1/act/Sigmoid), /m.0/cv1/act/Mul)
      POINTWISE: PWN(PWN(/m.0/cv2/act/Sigmoid), /m.0/cv2/act/Mul)`;
    expect(ourListing(block, orin)).toEqual(readListing(listed, block));
  });

  it("reads the halves of a split in place, and copies both to join them", () => {
    const block = piece(`
      /cv1/conv/Conv x
      /Split /cv1/conv/Conv
      /m.0/cv1/conv/Conv /Split:1 * 3x3
      /Concat /Split /Split:1 /m.0/cv1/conv/Conv
      /cv2/conv/Conv /Concat`);
    const listed = `
      CONVOLUTION: /cv1/conv/Conv
      CONVOLUTION: /m.0/cv1/conv/Conv
      COPY: /Split_output_0 copy
      COPY: /Split_output_1 copy
      CONVOLUTION: /cv2/conv/Conv`;
    expect(ourListing(block, orin)).toEqual(readListing(listed, block));
  });
});

describe("GoogLeNet on Orin Nano, TensorRT 8.5.2, FP16 (dusty-nv/jetson-inference, issue 1630)", () => {
  const { layers } = mapGraph(inferShapes(network("inception_v1")), 805);
  const kernels = fuse(placeOnGpu(layers), { trt: 805, arch: "ampere", precision: "fp16" });

  it("is 66 layers after merging, of which the original has two LRN and a softmax that ours lacks", () => {
    expect(kernels.filter(({ work }) => work !== "free")).toHaveLength(66 - 3);
  });

  it("merges the three 1×1 convolutions of each of nine modules, and copies their part", () => {
    const convolutions = (indices: readonly number[]): number =>
      indices.filter((index) => layers[index]?.op === "Conv").length;
    const merged = kernels.filter((kernel) => convolutions(kernel.layers) > 1);
    expect(merged.map((kernel) => convolutions(kernel.layers))).toEqual(Array(9).fill(3));
    const joins = kernels.filter(({ layers: [first] }) => layers[first ?? -1]?.op === "Concat");
    expect(joins.map(({ work }) => work)).toEqual(Array(9).fill("copy"));
  });
});
