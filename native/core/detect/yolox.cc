#include "core/detect/yolox.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/detect/shape_text.h"

namespace jetfleet {
namespace {

constexpr int kStrides[] = {8, 16, 32};
constexpr int kLargestStride = 32;
constexpr std::int64_t kMaxSide = 8192;
constexpr std::size_t kBoxFields = 5;  // dx, dy, log w, log h, objectness

Status CheckInput(const std::vector<std::int64_t>& shape) {
  const bool fits = shape.size() == 4 && shape[0] == 1 && shape[1] == 3 && shape[2] > 0 &&
                    shape[3] > 0 && shape[2] % kLargestStride == 0 &&
                    shape[3] % kLargestStride == 0 && shape[2] <= kMaxSide && shape[3] <= kMaxSide;
  if (fits) return Status::Ok();
  return Status::Error(
      ErrorCode::kModelInvalid,
      "Expected an input of shape [1,3,H,W] with H and W multiples of 32 but got " +
          ShapeText(shape) + " while checking the model for decoder yolox");
}

}  // namespace

Status YoloxDecoder::Create(const std::vector<std::int64_t>& input_shape,
                            const std::vector<std::int64_t>& output_shape, std::size_t labels,
                            YoloxDecoder* decoder) {
  const Status input = CheckInput(input_shape);
  if (!input.ok()) return input;

  YoloxDecoder made;
  made.input_ = {static_cast<int>(input_shape[3]), static_cast<int>(input_shape[2])};
  made.classes_ = labels;
  for (int stride : kStrides) {
    for (int y = 0; y < made.input_.height / stride; ++y) {
      for (int x = 0; x < made.input_.width / stride; ++x) {
        made.cells_.push_back(
            {static_cast<float>(x), static_cast<float>(y), static_cast<float>(stride)});
      }
    }
  }

  const std::vector<std::int64_t> expected = {1, static_cast<std::int64_t>(made.cells_.size()),
                                              static_cast<std::int64_t>(kBoxFields + labels)};
  if (output_shape != expected) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected an output of shape " + ShapeText(expected) + " for " +
                             std::to_string(labels) + " labels but got " + ShapeText(output_shape) +
                             " while checking the model for decoder yolox");
  }
  *decoder = std::move(made);
  return Status::Ok();
}

std::vector<Detection> YoloxDecoder::Decode(const float* output, float min_score) const {
  std::vector<Detection> found;
  const std::size_t row_size = kBoxFields + classes_;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const float* row = output + i * row_size;
    const float objectness = row[4];
    // No class can lift the product above the objectness: most cells end here. NaN ends here as
    // well.
    if (!(objectness >= min_score)) continue;
    const float* scores = row + kBoxFields;
    const float* best = std::max_element(scores, scores + classes_);
    const float score = objectness * *best;
    if (!(score >= min_score)) continue;

    const Cell& cell = cells_[i];
    const float width = std::exp(row[2]) * cell.stride;
    const float height = std::exp(row[3]) * cell.stride;
    const float left = (row[0] + cell.x) * cell.stride - width / 2;
    const float top = (row[1] + cell.y) * cell.stride - height / 2;
    if (!std::isfinite(left + top + width + height)) continue;
    found.push_back({{left, top, width, height},
                     std::min(score, 1.0F),
                     static_cast<int>(std::distance(scores, best))});
  }
  return found;
}

}  // namespace jetfleet
