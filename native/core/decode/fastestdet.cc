// FastestDet: [N,5+C,H/16,W/16]; a cell's channels are objectness, x, y, w, h and C class scores.
// Scores come as probabilities, the box does not: centre = cell + tanh, size = sigmoid of the
// picture's, score = objectness^0.6 × class^0.4. BGR 0–1, stretched.
// @see utils/tool.py (handle_preds) of dog-qiuqiu/FastestDet
#include <cmath>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

constexpr int kStride = 16;
constexpr std::size_t kBoxFields = 5;  // objectness, x, y, w, h
constexpr float kObjectnessPower = 0.6F;
constexpr float kClassPower = 0.4F;

class FastestDet final : public BoxDecoder {
 public:
  using BoxDecoder::BoxDecoder;

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const auto* cell = outputs[0];
    const int across = input().width / kStride;
    const int down = input().height / kStride;
    const auto cells = static_cast<std::size_t>(across) * static_cast<std::size_t>(down);
    for (int y = 0; y < down; ++y) {
      for (int x = 0; x < across; ++x) DecodeCell(cell++, cells, x, y, min_score, found);
    }
  }

  /// Channels of a cell lie `cells` apart.
  void DecodeCell(const float* cell, std::size_t cells, int x, int y, float min_score,
                  std::vector<Detection>* found) const {
    const auto channel = [&](std::size_t number) { return cell[number * cells]; };
    // Of what no class can lift to the score, the classes need not be read. NaN ends here as well.
    const float objectness = std::pow(channel(0), kObjectnessPower);
    if (!(objectness >= min_score)) return;
    const std::size_t best = BestOf(cell + kBoxFields * cells, rules().labels, cells);
    const float score = objectness * std::pow(channel(kBoxFields + best), kClassPower);
    if (!(score >= min_score)) return;
    const Box box = Centred((static_cast<float>(x) + std::tanh(channel(1))) * kStride,
                            (static_cast<float>(y) + std::tanh(channel(2))) * kStride,
                            Sigmoid(channel(3)) * static_cast<float>(input().width),
                            Sigmoid(channel(4)) * static_cast<float>(input().height));
    found->push_back({box, score, static_cast<int>(best)});
  }
};

}  // namespace

Status BindFastestDet(const DecoderOptions& options, const ModelIo& io,
                      std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckStride(io, kStride, options);
  if (status.ok()) status = CheckOutputs(io, 1, options);
  if (status.ok()) {
    status = CheckOutput(io, 0,
                         {io.batch, static_cast<std::int64_t>(kBoxFields + options.labels),
                          io.size.height / kStride, io.size.width / kStride},
                         options);
  }
  if (status.ok()) {
    *decoder =
        std::make_unique<FastestDet>(BoxRules::Of(options, io, PreprocessSpec::FastestDet()));
  }
  return status;
}

}  // namespace jetfleet
