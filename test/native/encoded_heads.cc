#include "encoded_heads.h"

#include <algorithm>

#include "core/decode/numbers.h"

namespace jetfleet::encoded {
namespace {

using Things = std::vector<Thing>;

double Logit(double p) { return std::log(p / (1 - p)); }
int Cells(int stride) { return (kSide / stride) * (kSide / stride); }
Shape Picture() { return {1, 3, kSide, kSide}; }

Net ForPicture() {
  Net net;
  net.Input("images", Picture());
  return net;
}

/// The cell that holds a thing's middle.
struct Cell {
  int stride;
  int x;
  int y;
  std::size_t index;
};

Cell CellOf(const Thing& thing, int stride) {
  const int x = static_cast<int>(thing.cx() / stride);
  const int y = static_cast<int>(thing.cy() / stride);
  return {stride, x, y, static_cast<std::size_t>(y * (kSide / stride) + x)};
}

float F(double value) { return static_cast<float>(value); }
std::size_t U(int value) { return static_cast<std::size_t>(value); }

Net YoloxRaw(const Things& things) {
  Net net = ForPicture();
  const std::size_t columns = 5 + kLabels;
  net.Output("output", {1, Cells(8) + Cells(16) + Cells(32), 5 + kLabels});
  for (const Thing& thing : things) {
    const Cell cell = CellOf(thing, 16);
    const std::size_t row = U(Cells(8)) + cell.index;
    net.At(0, row, columns, 0) = F(thing.cx() / 16 - cell.x);
    net.At(0, row, columns, 1) = F(thing.cy() / 16 - cell.y);
    net.At(0, row, columns, 2) = F(std::log(thing.width / 16));
    net.At(0, row, columns, 3) = F(std::log(thing.height / 16));
    net.At(0, row, columns, 4) = 0.9F;
    net.At(0, row, columns, 5 + U(thing.label)) = F(thing.score / 0.9);
  }
  return net;
}

std::function<Net(const Things&)> Rows(int anchors) {
  return [anchors](const Things& things) {
    Net net = ForPicture();
    const std::size_t columns = 5 + kLabels;
    net.Output("output", {1, anchors * (Cells(8) + Cells(16) + Cells(32)), 5 + kLabels});
    std::size_t row = 11;
    for (const Thing& thing : things) {
      const double box[] = {thing.cx(), thing.cy(), thing.width, thing.height, 0.95};
      for (std::size_t i = 0; i < 5; ++i) net.At(0, row, columns, i) = F(box[i]);
      net.At(0, row, columns, 5 + U(thing.label)) = F(thing.score / 0.95);
      row += 97;
    }
    return net;
  };
}

Net ChannelsFirst(const Things& things) {
  Net net = ForPicture();
  const int all = Cells(8) + Cells(16) + Cells(32);
  net.Output("output0", {1, 4 + kLabels, all});
  std::size_t at = 5;
  for (const Thing& thing : things) {
    const double box[] = {thing.cx(), thing.cy(), thing.width, thing.height};
    for (std::size_t i = 0; i < 4; ++i) net.At(0, i, U(all), at) = F(box[i]);
    net.At(0, 4 + U(thing.label), U(all), at) = F(thing.score);
    at += 101;
  }
  return net;
}

Net EndToEnd(const Things& things) {
  Net net = ForPicture();
  net.Output("output0", {1, 300, 6});
  std::size_t row = 0;
  for (const Thing& thing : things) {
    const double values[] = {thing.left,     thing.top,   thing.right(),
                             thing.bottom(), thing.score, static_cast<double>(thing.label)};
    for (std::size_t i = 0; i < 6; ++i) net.At(0, row, 6, i) = F(values[i]);
    ++row;
  }
  return net;
}

Net FastestDetHead(const Things& things) {
  Net net = ForPicture();
  const auto cells = U(Cells(16));
  net.Output("output", {1, 5 + kLabels, kSide / 16, kSide / 16});
  for (const Thing& thing : things) {
    const Cell cell = CellOf(thing, 16);
    const double values[] = {thing.score, std::atanh(thing.cx() / 16 - cell.x),
                             std::atanh(thing.cy() / 16 - cell.y), Logit(thing.width / kSide),
                             Logit(thing.height / kSide)};
    for (std::size_t i = 0; i < 5; ++i) net.At(0, i, cells, cell.index) = F(values[i]);
    net.At(0, 5 + U(thing.label), cells, cell.index) = F(thing.score);
  }
  return net;
}

/// One scale of darknet's.
struct Scale {
  int stride;
  double anchor_width;
  double anchor_height;
  int anchors;
  /// Which of them the thing is told by.
  int number;
  double reach;
};

/// Scales in the order of the outputs; each thing goes to the one that has its turn.
std::function<Net(const Things&)> Darknet(std::vector<Scale> scales, bool exclusive) {
  return [scales = std::move(scales), exclusive](const Things& things) {
    Net net = ForPicture();
    for (const Scale& scale : scales) {
      net.Output("out" + std::to_string(scale.stride),
                 {1, scale.anchors * (5 + kLabels), kSide / scale.stride, kSide / scale.stride},
                 -20);
    }
    for (std::size_t i = 0; i < things.size(); ++i) {
      const Thing& thing = things[i];
      const std::size_t output = i % scales.size();
      const Scale& scale = scales[output];
      const Cell cell = CellOf(thing, scale.stride);
      const auto cells = U(Cells(scale.stride));
      const auto first = U(scale.number) * (5 + kLabels);
      const auto within = [&](double place) {
        return Logit((place + (scale.reach - 1) / 2) / scale.reach);
      };
      // Of three classes, one has e^4 where the others have 1.
      const double share = exclusive ? std::exp(4.0) / (std::exp(4.0) + 2) : 0.96;
      const double values[] = {
          within(thing.cx() / scale.stride - cell.x), within(thing.cy() / scale.stride - cell.y),
          std::log(thing.width / scale.anchor_width), std::log(thing.height / scale.anchor_height),
          Logit(thing.score / share)};
      for (std::size_t k = 0; k < 5; ++k)
        net.At(output, first + k, cells, cell.index) = F(values[k]);
      for (std::size_t k = 0; k < kLabels; ++k) {
        const bool own = k == U(thing.label);
        const double other = exclusive ? 0 : -20;
        net.At(output, first + 5 + k, cells, cell.index) =
            F(own ? (exclusive ? 4 : Logit(share)) : other);
      }
    }
    return net;
  };
}

/// Shares of two neighbouring distances whose mean is `distance`, as numbers before the softmax.
void Spread(double distance, std::size_t count, float* raw) {
  const auto below = static_cast<std::size_t>(distance);
  const double up = distance - static_cast<double>(below);
  std::fill(raw, raw + count, -50.0F);
  raw[below] = F(std::log(1 - up + 1e-12));
  if (below + 1 < count) raw[below + 1] = F(std::log(up + 1e-12));
}

Net NanoDetPlus(const Things& things) {
  Net net = ForPicture();
  constexpr std::size_t kDistances = 8;
  const std::size_t columns = kLabels + 4 * kDistances;
  net.Output("output", {1, Cells(8) + Cells(16) + Cells(32) + Cells(64), kLabels + 32});
  for (const Thing& thing : things) {
    const Cell cell = CellOf(thing, 16);
    const std::size_t row = U(Cells(8)) + cell.index;
    net.At(0, row, columns, U(thing.label)) = F(thing.score);
    const double x = cell.x * 16;
    const double y = cell.y * 16;
    const double sides[] = {x - thing.left, y - thing.top, thing.right() - x, thing.bottom() - y};
    for (std::size_t i = 0; i < 4; ++i) {
      Spread(sides[i] / 16, kDistances, &net.At(0, row, columns, kLabels + i * kDistances));
    }
  }
  return net;
}

Net NanoDetByStride(const Things& things) {
  Net net = ForPicture();
  constexpr std::size_t kDistances = 8;
  for (const int stride : {8, 16, 32}) {
    net.Output("cls_pred_stride_" + std::to_string(stride), {1, Cells(stride), kLabels});
    net.Output("dis_pred_stride_" + std::to_string(stride), {1, Cells(stride), 32});
  }
  for (const Thing& thing : things) {
    const Cell cell = CellOf(thing, 16);
    net.At(2, cell.index, kLabels, U(thing.label)) = F(thing.score);
    const double x = (cell.x + 0.5) * 16;
    const double y = (cell.y + 0.5) * 16;
    const double sides[] = {x - thing.left, y - thing.top, thing.right() - x, thing.bottom() - y};
    for (std::size_t i = 0; i < 4; ++i) {
      Spread(sides[i] / 16, kDistances, &net.At(3, cell.index, 32, i * kDistances));
    }
  }
  return net;
}

Net SsdTf(const Things& things) {
  Net net;
  net.Input("input_tensor", {1, kSide, kSide, 3}, ElementType::kUint8);
  net.Output("detection_boxes", {1, 10, 4});
  net.Output("detection_classes", {1, 10}, 1);
  net.Output("detection_scores", {1, 10});
  net.Output("num_detections", {1});
  std::size_t row = 0;
  for (const Thing& thing : things) {
    const double box[] = {thing.top, thing.left, thing.bottom(), thing.right()};
    for (std::size_t i = 0; i < 4; ++i) net.At(0, row, 4, i) = F(box[i] / kSide);
    net.values[1][row] = F(thing.label + 1);
    net.values[2][row] = F(thing.score);
    ++row;
  }
  net.values[3][0] = F(static_cast<double>(row));
  // Left from before: not counted.
  net.values[2][row] = 0.99F;
  return net;
}

Net DetectionOutput(const Things& things) {
  Net net = ForPicture();
  net.Output("detection_out", {1, 1, 20, 7});
  std::size_t row = 0;
  for (const Thing& thing : things) {
    const double values[] = {0,
                             static_cast<double>(thing.label + 1),
                             thing.score,
                             thing.left / kSide,
                             thing.top / kSide,
                             thing.right() / kSide,
                             thing.bottom() / kSide};
    for (std::size_t i = 0; i < 7; ++i) net.At(0, row, 7, i) = F(values[i]);
    ++row;
  }
  net.At(0, row, 7, 0) = -1;
  // Behind the end.
  net.At(0, row + 1, 7, 1) = 1;
  net.At(0, row + 1, 7, 2) = 0.99F;
  return net;
}

Net EfficientNms(const Things& things) {
  Net net = ForPicture();
  net.Output("num_dets", {1, 1}, 0, ElementType::kInt32);
  net.Output("det_boxes", {1, 10, 4});
  net.Output("det_scores", {1, 10});
  net.Output("det_classes", {1, 10}, 0, ElementType::kInt32);
  std::size_t row = 0;
  for (const Thing& thing : things) {
    const double box[] = {thing.left, thing.top, thing.right(), thing.bottom()};
    for (std::size_t i = 0; i < 4; ++i) net.At(1, row, 4, i) = F(box[i]);
    net.values[2][row] = F(thing.score);
    net.values[3][row] = F(thing.label);
    ++row;
  }
  net.values[0][0] = F(static_cast<double>(row));
  net.values[2][row] = 0.99F;
  return net;
}

Net RtDetr(const Things& things) {
  Net net = ForPicture();
  net.Input("orig_target_sizes", {1, 2}, ElementType::kInt64);
  net.Output("labels", {1, 300}, 0, ElementType::kInt64);
  net.Output("boxes", {1, 300, 4});
  net.Output("scores", {1, 300});
  std::size_t row = 3;
  for (const Thing& thing : things) {
    const double box[] = {thing.left, thing.top, thing.right(), thing.bottom()};
    for (std::size_t i = 0; i < 4; ++i) net.At(1, row, 4, i) = F(box[i]);
    net.values[0][row] = F(thing.label);
    net.values[2][row] = F(thing.score);
    ++row;
  }
  return net;
}

Net RtDetrRows(const Things& things) {
  Net net = ForPicture();
  net.Output("output0", {1, 300, 4 + kLabels});
  std::size_t row = 7;
  for (const Thing& thing : things) {
    const double box[] = {thing.cx(), thing.cy(), thing.width, thing.height};
    for (std::size_t i = 0; i < 4; ++i) net.At(0, row, 4 + kLabels, i) = F(box[i] / kSide);
    net.At(0, row, 4 + kLabels, 4 + U(thing.label)) = F(thing.score);
    ++row;
  }
  return net;
}

Net Detr(const Things& things) {
  Net net = ForPicture();
  net.Output("logits", {1, 100, kLabels + 1}, -20);
  net.Output("pred_boxes", {1, 100, 4}, 0.5);
  for (std::size_t row = 0; row < 100; ++row) net.At(0, row, kLabels + 1, kLabels) = 5;
  std::size_t row = 9;
  for (const Thing& thing : things) {
    const double box[] = {thing.cx(), thing.cy(), thing.width, thing.height};
    for (std::size_t i = 0; i < 4; ++i) net.At(1, row, 4, i) = F(box[i] / kSide);
    net.At(0, row, kLabels + 1, U(thing.label)) = F(std::log(thing.score));
    net.At(0, row, kLabels + 1, kLabels) = F(std::log(1 - thing.score));
    ++row;
  }
  return net;
}

Net Ultraface(const Things& things) {
  Net net = ForPicture();
  net.Output("scores", {1, 500, 1 + kLabels});
  net.Output("boxes", {1, 500, 4}, 0.5);
  std::size_t row = 33;
  for (const Thing& thing : things) {
    const double box[] = {thing.left, thing.top, thing.right(), thing.bottom()};
    for (std::size_t i = 0; i < 4; ++i) net.At(1, row, 4, i) = F(box[i] / kSide);
    net.At(0, row, 1 + kLabels, 0) = F(1 - thing.score);
    net.At(0, row, 1 + kLabels, 1 + U(thing.label)) = F(thing.score);
    row += 5;
  }
  return net;
}

Net Yunet(const Things& things) {
  Net net = ForPicture();
  for (const char* const kind : {"cls_", "obj_", "bbox_", "kps_"}) {
    const int columns = kind[0] == 'b' ? 4 : (kind[0] == 'k' ? 10 : 1);
    for (const int stride : {8, 16, 32}) {
      net.Output(kind + std::to_string(stride), {1, Cells(stride), columns});
    }
  }
  for (const Thing& thing : things) {
    const Cell cell = CellOf(thing, 16);
    net.values[1][cell.index] = F(thing.score * thing.score / 0.9);
    net.values[4][cell.index] = 0.9F;
    const double box[] = {thing.cx() / 16 - cell.x, thing.cy() / 16 - cell.y,
                          std::log(thing.width / 16), std::log(thing.height / 16)};
    for (std::size_t i = 0; i < 4; ++i) net.At(7, cell.index, 4, i) = F(box[i]);
  }
  return net;
}

std::function<Net(const Things&)> CenterNet(bool raw) {
  return [raw](const Things& things) {
    Net net = ForPicture();
    const auto cells = U(Cells(4));
    net.Output("hm", {1, kLabels, kSide / 4, kSide / 4}, raw ? -20 : 0);
    net.Output("wh", {1, 2, kSide / 4, kSide / 4});
    net.Output("reg", {1, 2, kSide / 4, kSide / 4});
    for (const Thing& thing : things) {
      const Cell cell = CellOf(thing, 4);
      net.At(0, U(thing.label), cells, cell.index) = F(raw ? Logit(thing.score) : thing.score);
      // A neighbour on the slope is no thing of its own.
      net.At(0, U(thing.label), cells, cell.index + 1) =
          F(raw ? Logit(thing.score * 0.9) : thing.score * 0.9);
      net.At(1, 0, cells, cell.index) = F(thing.width / 4);
      net.At(1, 1, cells, cell.index) = F(thing.height / 4);
      net.At(2, 0, cells, cell.index) = F(thing.cx() / 4 - cell.x);
      net.At(2, 1, cells, cell.index) = F(thing.cy() / 4 - cell.y);
    }
    return net;
  };
}

template <typename T>
void Store(const std::vector<float>& from, void* to) {
  auto* const out = static_cast<T*>(to);
  for (std::size_t i = 0; i < from.size(); ++i) out[i] = static_cast<T>(from[i]);
}

}  // namespace

TensorInfo& Net::Input(const std::string& name, const Shape& shape, ElementType type) {
  TensorInfo& input = info.inputs.emplace_back();
  input.name = name;
  input.type = ElementTypeName(type);
  input.element = type;
  input.shape = input.min = input.max = shape;
  return input;
}

std::size_t Net::Output(const std::string& name, const Shape& shape, double value,
                        ElementType type) {
  TensorInfo& output = info.outputs.emplace_back();
  output.name = name;
  output.type = ElementTypeName(type);
  output.element = type;
  output.shape = output.min = output.max = shape;
  values.emplace_back(static_cast<std::size_t>(shape.Count()), F(value));
  return values.size() - 1;
}

std::vector<TensorView> Net::Tensors() const {
  std::vector<TensorView> tensors;
  for (std::size_t i = 0; i < values.size(); ++i) {
    TensorDesc desc;
    desc.type = *info.outputs[i].element;
    desc.shape = {1, static_cast<std::int64_t>(values[i].size())};
    const BufferRef buffer = MakeHostBuffer(desc.bytes());
    void* const to = buffer->MapToHost(0);
    if (desc.type == ElementType::kInt32) {
      Store<std::int32_t>(values[i], to);
    } else if (desc.type == ElementType::kInt64) {
      Store<std::int64_t>(values[i], to);
    } else if (desc.type == ElementType::kFloat16) {
      auto* const halves = static_cast<std::uint16_t*>(to);
      std::transform(values[i].begin(), values[i].end(), halves, HalfOfFloat);
    } else {
      Store<float>(values[i], to);
    }
    tensors.emplace_back(desc, buffer);
  }
  return tensors;
}

const std::vector<Family>& Families() {
  // Anchors by the configuration files: the second of each scale.
  static const auto& families = *new std::vector<Family>{
      {"yolox", "raw", YoloxRaw},
      {"yolox-decoded", "decoded", Rows(1)},
      {"fastestdet", "grid", FastestDetHead},
      {"yolov2", "region", Darknet({{32, 1.87446 * 32, 2.06253 * 32, 5, 1, 1}}, true)},
      {"yolov3", "coarse_first",
       Darknet({{32, 156, 198, 3, 1, 1}, {16, 62, 45, 3, 1, 1}, {8, 16, 30, 3, 1, 1}}, false)},
      {"yolov3", "fine_first",
       Darknet({{8, 16, 30, 3, 1, 1}, {16, 62, 45, 3, 1, 1}, {32, 156, 198, 3, 1, 1}}, false)},
      {"yolov3", "tiny", Darknet({{32, 135, 169, 3, 1, 1}, {16, 23, 27, 3, 1, 1}}, false)},
      {"yolov4", "fine_first",
       Darknet({{8, 19, 36, 3, 1, 1.2}, {16, 76, 55, 3, 1, 1.1}, {32, 192, 243, 3, 1, 1.05}},
               false)},
      {"yolov4", "tiny", Darknet({{32, 135, 169, 3, 1, 1.05}, {16, 37, 58, 3, 1, 1.05}}, false)},
      {"yolov5", "rows", Rows(3)},
      {"yolov7", "rows", Rows(3)},
      {"yolov8", "channels", ChannelsFirst},
      {"yolov9", "channels", ChannelsFirst},
      {"yolo11", "channels", ChannelsFirst},
      {"yolov10", "chosen", EndToEnd, false},
      {"yolo26", "chosen", EndToEnd, false},
      {"nanodet", "plus", NanoDetPlus},
      {"nanodet", "by_stride", NanoDetByStride},
      {"ssd-tf", "bytes", SsdTf, false},
      {"ssd-detection-output", "rows", DetectionOutput, false},
      {"efficient-nms", "plugin", EfficientNms, false},
      {"rt-detr", "authors", RtDetr, false},
      {"rt-detr", "rows", RtDetrRows, false},
      {"detr", "set", Detr, false},
      {"ultraface", "corners", Ultraface},
      {"yunet", "grids", Yunet, true, 1},
      {"centernet", "probabilities", CenterNet(false), false},
      {"centernet", "before_sigmoid", CenterNet(true), false},
  };
  return families;
}

}  // namespace jetfleet::encoded
