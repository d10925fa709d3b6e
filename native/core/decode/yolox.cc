#include "core/decode/yolox.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "backends/backend_abi.h"
#include "core/decode/families.h"

namespace jetfleet {
namespace {

constexpr int kStrides[] = {8, 16, 32};
constexpr int kLargestStride = 32;
constexpr std::size_t kBoxFields = 5;  // dx, dy, log w, log h, objectness

TensorInfo FloatOf(const char* name, const Shape& shape) {
  TensorInfo info;
  info.name = name;
  info.type = ElementTypeName(ElementType::kFloat32);
  info.element = ElementType::kFloat32;
  info.shape = info.min = info.max = shape;
  return info;
}

}  // namespace

Status YoloxDecoder::Create(const Shape& input_shape, const Shape& output_shape,
                            const DecoderOptions& options, std::unique_ptr<YoloxDecoder>* decoder) {
  ModelInfo info;
  info.inputs = {FloatOf("input", input_shape)};
  info.outputs = {FloatOf("output", output_shape)};
  ModelIo io;
  const Status status = FitPicture(options, &info, &io);
  return status.ok() ? Create(options, io, decoder) : status;
}

Status YoloxDecoder::Create(const DecoderOptions& options, const ModelIo& io,
                            std::unique_ptr<YoloxDecoder>* decoder) {
  Status status = CheckStride(io, kLargestStride, options);
  if (status.ok()) status = CheckOutputs(io, 1, options);
  if (!status.ok()) return status;
  std::unique_ptr<YoloxDecoder> made(
      new YoloxDecoder(BoxRules::Of(options, io, PreprocessSpec::Yolox())));
  for (int stride : kStrides) {
    for (int y = 0; y < io.size.height / stride; ++y) {
      for (int x = 0; x < io.size.width / stride; ++x) {
        made->cells_.push_back(
            {static_cast<float>(x), static_cast<float>(y), static_cast<float>(stride)});
      }
    }
  }
  status = CheckOutput(io, 0,
                       {io.batch, static_cast<std::int64_t>(made->cells_.size()),
                        static_cast<std::int64_t>(kBoxFields + options.labels)},
                       options);
  if (status.ok()) *decoder = std::move(made);
  return status;
}

Status BindYolox(const DecoderOptions& options, const ModelIo& io,
                 std::unique_ptr<OutputDecoder>* decoder) {
  std::unique_ptr<YoloxDecoder> made;
  const Status status = YoloxDecoder::Create(options, io, &made);
  if (status.ok()) *decoder = std::move(made);
  return status;
}

std::optional<CandidateHead> YoloxDecoder::head() const { return CandidateHead{JF_HEAD_YOLOX, 0}; }

void YoloxDecoder::DecodeCells(const float* output, float min_score,
                               std::vector<Detection>* found) const {
  ReadCells(output, min_score, found);
  for (Detection& one : *found) one.score = std::min(one.score, 1.0F);
}

void YoloxDecoder::ReadCells(const float* output, float min_score,
                             std::vector<Detection>* found) const {
  found->clear();
  const std::size_t classes = rules().labels;
  const std::size_t row_size = kBoxFields + classes;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const float* row = output + i * row_size;
    const float objectness = row[4];
    // No class can lift the product above the objectness: most cells end here. NaN ends here as
    // well.
    if (!(objectness >= min_score)) continue;
    const float* scores = row + kBoxFields;
    const std::size_t best = BestOf(scores, classes);
    const float score = objectness * scores[best];
    if (!(score >= min_score)) continue;

    const Cell& cell = cells_[i];
    const Box box = Centred((row[0] + cell.x) * cell.stride, (row[1] + cell.y) * cell.stride,
                            std::exp(row[2]) * cell.stride, std::exp(row[3]) * cell.stride);
    if (!box.is_finite()) continue;
    found->push_back({box, score, static_cast<int>(best)});
  }
}

void YoloxDecoder::Boxes(const Numbers& outputs, float min_score,
                         std::vector<Detection>* found) const {
  ReadCells(outputs[0], min_score, found);
}

}  // namespace jetfleet
