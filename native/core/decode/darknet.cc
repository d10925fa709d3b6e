// Darknet's heads before their "yolo" or "region" layers: [N,B·(5+C),H,W] for each scale, coarse or
// fine first; of each of B anchors tx, ty, tw, th, objectness, C classes, all before the sigmoid.
// RGB 0–1. Centre = cell + sigmoid, size = exp × anchor.
// @see src/yolo_layer.c (get_yolo_box), src/region_layer.c (get_region_box) and src/image.c
// (letterbox_image) of pjreddie/darknet; scale_x_y: src/yolo_layer.c of AlexeyAB/darknet; anchors:
// cfg/yolov2.cfg, yolov3.cfg, yolov3-tiny.cfg, yolov4.cfg, yolov4-tiny.cfg
#include <algorithm>
#include <cmath>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

constexpr std::size_t kBoxFields = 5;  // tx, ty, tw, th, objectness
constexpr int kLargestStride = 32;

struct Anchor {
  float width;
  float height;
};

/// One output.
struct Head {
  int stride;
  /// The grid's centres may reach beyond their cells by this factor.
  float reach;
  /// In pixels of the input.
  std::vector<Anchor> anchors;
};

/// What its versions differ in.
struct Version {
  std::size_t heads;
  /// For all scales, small ones first: pairs of width and height; of YOLOv2 in cells.
  std::vector<float> anchors;
  bool anchors_in_cells;
  /// Classes exclude each other (softmax).
  bool exclusive;
  /// By scale, finest first.
  std::vector<float> reach;
  PreprocessSpec preprocess;
};

class Darknet final : public BoxDecoder {
 public:
  Darknet(BoxRules rules, std::vector<Head> heads, bool exclusive)
      : BoxDecoder(std::move(rules)), heads_(std::move(heads)), exclusive_(exclusive) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    for (std::size_t i = 0; i < heads_.size(); ++i)
      ReadHead(heads_[i], outputs[i], min_score, found);
  }

  void ReadHead(const Head& head, const float* output, float min_score,
                std::vector<Detection>* found) const {
    const int across = input().width / head.stride;
    const int down = input().height / head.stride;
    const auto cells = static_cast<std::size_t>(across) * static_cast<std::size_t>(down);
    for (const Anchor& anchor : head.anchors) {
      for (std::size_t cell = 0; cell < cells; ++cell) {
        const float* const at = output + cell;
        const float objectness = Sigmoid(at[4 * cells]);
        if (!(objectness >= min_score)) continue;
        const float* const classes = at + kBoxFields * cells;
        const std::size_t best = BestOf(classes, rules().labels, cells);
        const float score = objectness * ClassScore(classes, best, cells);
        if (!(score >= min_score)) continue;
        const auto centre = [&](float raw, std::size_t place) {
          const float within = Sigmoid(raw) * head.reach - (head.reach - 1) / 2;
          return (static_cast<float>(place) + within) * static_cast<float>(head.stride);
        };
        const auto width = static_cast<std::size_t>(across);
        const Box box = Centred(centre(at[0], cell % width), centre(at[cells], cell / width),
                                std::exp(at[2 * cells]) * anchor.width,
                                std::exp(at[3 * cells]) * anchor.height);
        found->push_back({box, score, static_cast<int>(best)});
      }
      output += (kBoxFields + rules().labels) * cells;
    }
  }

  float ClassScore(const float* classes, std::size_t best, std::size_t step) const {
    if (!exclusive_) return Sigmoid(classes[best * step]);
    float sum = 0;
    for (std::size_t i = 0; i < rules().labels; ++i) {
      sum += std::exp(classes[i * step] - classes[best * step]);
    }
    return 1 / sum;
  }

  const std::vector<Head> heads_;
  const bool exclusive_;
};

/// The stride that an output's grid has; 0 when it is no grid of the picture.
int StrideOf(const Shape& output, Size picture) {
  for (int stride = 8; stride <= kLargestStride; stride *= 2) {
    const bool fits = output.rank() == 4 && output[2] == picture.height / stride &&
                      output[3] == picture.width / stride;
    if (fits) return stride;
  }
  return 0;
}

Status Bind(const DecoderOptions& options, const ModelIo& io, const std::vector<Version>& versions,
            std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckStride(io, kLargestStride, options);
  if (!status.ok()) return status;
  const auto version = std::find_if(versions.begin(), versions.end(), [&](const Version& one) {
    return one.heads == io.outputs().size();
  });
  if (version == versions.end()) {
    std::string counts;
    for (const Version& one : versions) {
      counts += (counts.empty() ? "" : " or ") + std::to_string(one.heads);
    }
    return OtherOutputs(io, counts + " outputs [N,B*(5+C),H,W], one for each scale", options);
  }
  const std::vector<float>& anchors = options.anchors.empty() ? version->anchors : options.anchors;
  const std::size_t each = anchors.size() / 2 / version->heads;
  if (each == 0 || each * version->heads * 2 != anchors.size()) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected pairs of width and height of anchors, as many for each of " +
                             std::to_string(version->heads) + " outputs, but got " +
                             std::to_string(anchors.size()) +
                             " numbers while checking the model for decoder " + options.name);
  }
  std::vector<Head> heads;
  for (std::size_t i = 0; i < version->heads; ++i) {
    Head head;
    // With an open grid, the coarsest comes first, as in the configuration files.
    head.stride = StrideOf(io.outputs()[i].shape, io.size);
    if (head.stride == 0) head.stride = kLargestStride >> i;
    const Shape expected = {io.batch,
                            static_cast<std::int64_t>(each * (kBoxFields + options.labels)),
                            io.size.height / head.stride, io.size.width / head.stride};
    status = CheckOutput(io, i, expected, options);
    if (!status.ok()) return status;
    // Small anchors belong to the finest grid.
    std::size_t scale = 0;
    while ((kLargestStride >> (version->heads - 1 - scale)) < head.stride) ++scale;
    head.reach = version->reach[std::min(scale, version->reach.size() - 1)];
    const float unit = version->anchors_in_cells ? static_cast<float>(head.stride) : 1.0F;
    const float* pair = anchors.data() + 2 * scale * each;
    for (std::size_t k = 0; k < each; ++k, pair += 2) {
      head.anchors.push_back({pair[0] * unit, pair[1] * unit});
    }
    heads.push_back(std::move(head));
  }
  *decoder = std::make_unique<Darknet>(BoxRules::Of(options, io, version->preprocess),
                                       std::move(heads), version->exclusive);
  return Status::Ok();
}

}  // namespace

Status BindYolov2(const DecoderOptions& options, const ModelIo& io,
                  std::unique_ptr<OutputDecoder>* decoder) {
  static const std::vector<Version> versions = {{1,
                                                 {0.57273F, 0.677385F, 1.87446F, 2.06253F, 3.33843F,
                                                  5.47434F, 7.88282F, 3.52778F, 9.77052F, 9.16828F},
                                                 true,
                                                 true,
                                                 {1},
                                                 PreprocessSpec::Darknet()}};
  return Bind(options, io, versions, decoder);
}

Status BindYolov3(const DecoderOptions& options, const ModelIo& io,
                  std::unique_ptr<OutputDecoder>* decoder) {
  static const std::vector<Version> versions = {
      {3,
       {10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326},
       false,
       false,
       {1},
       PreprocessSpec::Darknet()},
      {2,
       {10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319},
       false,
       false,
       {1},
       PreprocessSpec::Darknet()}};
  return Bind(options, io, versions, decoder);
}

Status BindYolov4(const DecoderOptions& options, const ModelIo& io,
                  std::unique_ptr<OutputDecoder>* decoder) {
  static const std::vector<Version> versions = {
      {3,
       {12, 16, 19, 36, 40, 28, 36, 75, 76, 55, 72, 146, 142, 110, 192, 243, 459, 401},
       false,
       false,
       {1.2F, 1.1F, 1.05F},
       PreprocessSpec::DarknetStretched()},
      // Masks 3, 4, 5 and 1, 2, 3: the third anchor serves both.
      {2,
       {23, 27, 37, 58, 81, 82, 81, 82, 135, 169, 344, 319},
       false,
       false,
       {1.05F},
       PreprocessSpec::DarknetStretched()}};
  return Bind(options, io, versions, decoder);
}

}  // namespace jetfleet
