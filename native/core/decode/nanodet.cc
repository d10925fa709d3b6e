// NanoDet: class scores (sigmoid) and, for each side of the box, how likely each of R distances is
// (before softmax), in strides. Once one output [N,A,C+4·R] at strides 8 to 64 (NanoDet-Plus,
// stretched, centres on the corners of cells), once two outputs for each stride 8, 16, 32, [N,n,C]
// and [N,n,4·R] (letterbox on black, centres in the middle of cells). BGR with mean and deviation.
// @see nanodet/model/head/nanodet_plus_head.py (_forward_onnx, get_single_level_center_priors),
// nanodet/model/head/gfl_head.py, config/nanodet-plus-m_320.yml,
// config/legacy_v0.x_configs/nanodet-m.yml of RangiLyu/nanodet
#include <algorithm>
#include <array>
#include <cmath>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

constexpr std::int64_t kMostDistances = 64;

/// Where one grid's numbers lie.
struct Grid {
  int stride;
  std::size_t scores_output;
  std::size_t sides_output;
  /// Of the first cell, and from one cell to the next.
  std::size_t scores_at;
  std::size_t sides_at;
  std::size_t scores_step;
  std::size_t sides_step;
};

class NanoDet final : public BoxDecoder {
 public:
  NanoDet(BoxRules rules, std::vector<Grid> grids, std::size_t distances, float middle)
      : BoxDecoder(std::move(rules)),
        grids_(std::move(grids)),
        distances_(distances),
        middle_(middle) {}

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    for (const Grid& grid : grids_) ReadGrid(grid, outputs, min_score, found);
  }

  void ReadGrid(const Grid& grid, const Numbers& outputs, float min_score,
                std::vector<Detection>* found) const {
    const float* scores = outputs[grid.scores_output] + grid.scores_at;
    const float* sides = outputs[grid.sides_output] + grid.sides_at;
    const int across = (input().width + grid.stride - 1) / grid.stride;
    const int down = (input().height + grid.stride - 1) / grid.stride;
    for (int y = 0; y < down; ++y) {
      for (int x = 0; x < across; ++x, scores += grid.scores_step, sides += grid.sides_step) {
        const std::size_t best = BestOf(scores, rules().labels);
        if (!(scores[best] >= min_score)) continue;
        const auto stride = static_cast<float>(grid.stride);
        const float cx = (static_cast<float>(x) + middle_) * stride;
        const float cy = (static_cast<float>(y) + middle_) * stride;
        std::array<float, 4> away{};
        for (std::size_t side = 0; side < away.size(); ++side) {
          away[side] = Distance(sides + side * distances_) * stride;
        }
        found->push_back({Corners(cx - away[0], cy - away[1], cx + away[2], cy + away[3]),
                          scores[best], static_cast<int>(best)});
      }
    }
  }

  /// The mean of the distances, in strides.
  float Distance(const float* raw) const {
    const float most = raw[BestOf(raw, distances_)];
    float sum = 0;
    float mean = 0;
    for (std::size_t i = 0; i < distances_; ++i) {
      const float share = std::exp(raw[i] - most);
      sum += share;
      mean += share * static_cast<float>(i);
    }
    return mean / sum;
  }

  const std::vector<Grid> grids_;
  const std::size_t distances_;
  const float middle_;
};

std::int64_t CellsAt(Size size, int stride) {
  return static_cast<std::int64_t>((size.width + stride - 1) / stride) *
         ((size.height + stride - 1) / stride);
}

Status BindPlus(const DecoderOptions& options, const ModelIo& io,
                std::unique_ptr<OutputDecoder>* decoder) {
  constexpr int kStrides[] = {8, 16, 32, 64};
  std::int64_t cells = 0;
  for (const int stride : kStrides) cells += CellsAt(io.size, stride);
  Status status = CheckOutput(io, 0, {io.batch, cells, -1}, options);
  std::int64_t row = 0;
  if (status.ok()) status = ReadRows(io, 0, 2, options, &row);
  if (!status.ok()) return status;
  const auto labels = static_cast<std::int64_t>(options.labels);
  const std::int64_t distances = (row - labels) / 4;
  if (distances < 2 || distances > kMostDistances || labels + 4 * distances != row) {
    return OtherOutputs(io, "one output [N," + std::to_string(cells) + ",C+4*R]", options);
  }
  std::vector<Grid> grids;
  std::size_t at = 0;
  for (const int stride : kStrides) {
    const auto step = static_cast<std::size_t>(row);
    grids.push_back({stride, 0, 0, at, at + options.labels, step, step});
    at += static_cast<std::size_t>(CellsAt(io.size, stride)) * step;
  }
  *decoder = std::make_unique<NanoDet>(
      BoxRules::Of(options, io, PreprocessSpec::NanoDet(PreprocessSpec::Fit::kStretch)),
      std::move(grids), static_cast<std::size_t>(distances), 0.0F);
  return Status::Ok();
}

Status BindByStride(const DecoderOptions& options, const ModelIo& io,
                    std::unique_ptr<OutputDecoder>* decoder) {
  constexpr int kStrides[] = {8, 16, 32};
  const auto labels = static_cast<std::int64_t>(options.labels);
  std::int64_t distances = 0;
  std::vector<Grid> grids;
  for (const int stride : kStrides) {
    Grid grid{stride, io.outputs().size(), io.outputs().size(), 0, 0, 0, 0};
    for (std::size_t i = 0; i < io.outputs().size(); ++i) {
      const Shape& shape = io.outputs()[i].shape;
      if (shape.rank() != 3 || shape[1] != CellsAt(io.size, stride)) continue;
      const bool sides =
          shape[2] % 4 == 0 && shape[2] / 4 >= 2 && shape[2] / 4 <= kMostDistances &&
          (shape[2] != labels || io.outputs()[i].name.find("dis") != std::string::npos);
      if (sides && (distances == 0 || distances == shape[2] / 4)) {
        grid.sides_output = i;
        distances = shape[2] / 4;
      } else if (shape[2] == labels) {
        grid.scores_output = i;
      }
    }
    if (grid.scores_output == io.outputs().size() || grid.sides_output == io.outputs().size()) {
      return OtherOutputs(io, "outputs [N,n,C] and [N,n,4*R] for each of the strides 8, 16, 32",
                          options);
    }
    grid.scores_step = options.labels;
    grid.sides_step = static_cast<std::size_t>(4 * distances);
    grids.push_back(grid);
  }
  *decoder = std::make_unique<NanoDet>(
      BoxRules::Of(options, io, PreprocessSpec::NanoDet(PreprocessSpec::Fit::kLetterbox)),
      std::move(grids), static_cast<std::size_t>(distances), 0.5F);
  return Status::Ok();
}

}  // namespace

Status BindNanoDet(const DecoderOptions& options, const ModelIo& io,
                   std::unique_ptr<OutputDecoder>* decoder) {
  if (io.outputs().size() == 1) return BindPlus(options, io, decoder);
  if (io.outputs().size() == 6) return BindByStride(options, io, decoder);
  return OtherOutputs(io, "one output [N,A,C+4*R] or six, two for each stride", options);
}

}  // namespace jetfleet
