// CenterNet: a heat map [N,C,H/4,W/4] of the middles of things, their sizes and their offsets
// within the cell [N,2,H/4,W/4], both in cells. A thing is where no neighbour is hotter, so that
// nothing is merged. BGR with mean and deviation of COCO, centred on black.
// @see src/lib/models/decode.py (ctdet_decode), src/lib/detectors/ctdet.py, src/lib/opts.py of
// xingyizhou/CenterNet
#include <algorithm>
#include <cmath>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

constexpr int kStride = 4;

class CenterNet final : public BoxDecoder {
 public:
  struct Places {
    std::size_t heat;
    std::size_t sizes;
    std::size_t offsets;
  };

  CenterNet(BoxRules rules, const Places& places) : BoxDecoder(std::move(rules)), places_(places) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    const int across = input().width / kStride;
    const int down = input().height / kStride;
    const auto cells = static_cast<std::size_t>(across) * static_cast<std::size_t>(down);
    const float* const sizes = outputs[places_.sizes];
    const float* const offsets = outputs[places_.offsets];
    const float* heat = outputs[places_.heat];
    // Some exports end before the sigmoid. With thousands of cells one is below zero then.
    const bool is_raw = std::any_of(heat, heat + cells * rules().labels,
                                    [](float value) { return value < 0 || value > 1; });
    for (std::size_t label = 0; label < rules().labels; ++label, heat += cells) {
      for (int y = 0; y < down; ++y) {
        for (int x = 0; x < across; ++x) {
          const auto cell = static_cast<std::size_t>(y) * static_cast<std::size_t>(across) +
                            static_cast<std::size_t>(x);
          const float score = is_raw ? Sigmoid(heat[cell]) : heat[cell];
          if (!(score >= min_score) || !IsPeak(heat, x, y, {across, down})) continue;
          const Box box = Centred(static_cast<float>(x) + offsets[cell],
                                  static_cast<float>(y) + offsets[cells + cell], sizes[cell],
                                  sizes[cells + cell]);
          found->push_back(
              {{box.left * kStride, box.top * kStride, box.width * kStride, box.height * kStride},
               score,
               static_cast<int>(label)});
        }
      }
    }
  }

  static bool IsPeak(const float* heat, int x, int y, Size grid) {
    const float own = heat[y * grid.width + x];
    for (int row = std::max(y - 1, 0); row <= std::min(y + 1, grid.height - 1); ++row) {
      for (int at = std::max(x - 1, 0); at <= std::min(x + 1, grid.width - 1); ++at) {
        if (heat[row * grid.width + at] > own) return false;
      }
    }
    return true;
  }

  const Places places_;
};

}  // namespace

Status BindCenterNet(const DecoderOptions& options, const ModelIo& io,
                     std::unique_ptr<OutputDecoder>* decoder) {
  Status status = CheckStride(io, kStride, options);
  if (status.ok()) status = CheckOutputs(io, 3, options);
  if (!status.ok()) return status;
  // Two of them look alike; without names that tell, the order is that of the repository.
  const auto heat = OutputNamed(io, {"hm", "heat"});
  const auto sizes = OutputNamed(io, {"wh", "size"});
  const auto offsets = OutputNamed(io, {"reg", "off"});
  const bool named = heat && sizes && offsets;
  const CenterNet::Places places =
      named ? CenterNet::Places{*heat, *sizes, *offsets} : CenterNet::Places{0, 1, 2};
  const std::int64_t down = io.size.height / kStride;
  const std::int64_t across = io.size.width / kStride;
  status =
      CheckOutput(io, places.heat,
                  {io.batch, static_cast<std::int64_t>(options.labels), down, across}, options);
  if (status.ok()) status = CheckOutput(io, places.sizes, {io.batch, 2, down, across}, options);
  if (status.ok()) status = CheckOutput(io, places.offsets, {io.batch, 2, down, across}, options);
  if (!status.ok()) return status;
  BoxRules rules = BoxRules::Of(options, io, PreprocessSpec::CenterNet());
  rules.merge = BoxRules::Merge::kNone;
  *decoder = std::make_unique<CenterNet>(std::move(rules), places);
  return Status::Ok();
}

}  // namespace jetfleet
