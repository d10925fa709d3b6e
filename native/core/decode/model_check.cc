#include "core/decode/model_check.h"

#include <algorithm>
#include <cctype>

namespace jetfleet {
namespace {

constexpr std::int64_t kMaxSide = 8192;
constexpr std::int64_t kChannels = 3;
/// Far above what a detector tells of one picture.
constexpr std::int64_t kMaxRows = 1'000'000;

Status Invalid(std::string message) {
  return Status::Error(ErrorCode::kModelInvalid, std::move(message));
}

std::string TextOf(const TensorInfo& tensor) {
  return tensor.name + " " + tensor.type + tensor.shape.Text();
}

std::string TextOf(const std::vector<TensorInfo>& tensors) {
  std::string text;
  for (const TensorInfo& tensor : tensors) text += (text.empty() ? "" : ", ") + TextOf(tensor);
  return text.empty() ? "none" : text;
}

/// Where a picture's dimensions lie; false when the tensor can hold none.
bool LayoutOfPicture(const TensorInfo& tensor, TensorLayout* layout) {
  const Shape& shape = tensor.shape;
  if (shape.rank() != 4) return false;
  if (shape[1] == kChannels || (shape[1] < 0 && shape[3] != kChannels)) {
    *layout = TensorLayout::kNchw;
    return true;
  }
  *layout = TensorLayout::kNhwc;
  return shape[3] == kChannels;
}

bool Fits(std::int64_t side, int wanted) {
  return side < 0 ? wanted > 0 : side > 0 && side <= kMaxSide && (wanted == 0 || wanted == side);
}

std::string WantedInput(const DecoderOptions& options) {
  return " while checking the model for decoder " + options.name;
}

void Fill(TensorInfo* tensor, std::size_t dim, std::int64_t value) {
  if (tensor->shape[dim] < 0) tensor->shape[dim] = value;
  if (dim < tensor->min.rank() && tensor->min[dim] < 0) tensor->min[dim] = value;
  if (dim < tensor->max.rank() && tensor->max[dim] < 0) tensor->max[dim] = value;
}

}  // namespace

Status FitPicture(const DecoderOptions& options, ModelInfo* info, ModelIo* io) {
  io->info = info;
  TensorLayout layout = TensorLayout::kNchw;
  const auto found =
      std::find_if(info->inputs.begin(), info->inputs.end(),
                   [&](const TensorInfo& input) { return LayoutOfPicture(input, &layout); });
  if (found == info->inputs.end()) {
    return Invalid("Expected an input of shape [N,3,H,W] or [N,H,W,3] but got " +
                   TextOf(info->inputs) + WantedInput(options));
  }
  const bool readable = found->element == ElementType::kFloat32 ||
                        found->element == ElementType::kFloat16 ||
                        found->element == ElementType::kUint8;
  if (!readable) {
    return Invalid("Expected an input of float32, float16 or uint8 but got " + TextOf(*found) +
                   WantedInput(options));
  }
  io->picture = static_cast<std::size_t>(found - info->inputs.begin());
  found->layout = layout;
  const std::size_t rows = layout == TensorLayout::kNchw ? 2 : 1;
  const Size wanted = options.input;
  const bool open = found->shape[rows] < 0 || found->shape[rows + 1] < 0;
  if (open && wanted == Size{}) {
    return Invalid("Expected height and width of the input " + TextOf(*found) +
                   ", which the model leaves open: name them as the model's input.width and "
                   "input.height" +
                   WantedInput(options));
  }
  if (found->shape[0] == 0 || !Fits(found->shape[rows], wanted.height) ||
      !Fits(found->shape[rows + 1], wanted.width)) {
    const std::string asked =
        wanted == Size{} ? "of sides from 1 to " + std::to_string(kMaxSide)
                         : std::to_string(wanted.width) + "x" + std::to_string(wanted.height);
    return Invalid("Expected a picture " + asked + " but got the input " + TextOf(*found) +
                   WantedInput(options));
  }
  Fill(&*found, rows, wanted.height);
  Fill(&*found, rows + 1, wanted.width);
  Fill(&*found, rows == 2 ? 1 : 3, kChannels);
  io->size = {static_cast<int>(found->shape[rows + 1]), static_cast<int>(found->shape[rows])};
  io->batch = found->shape[0];
  return Status::Ok();
}

Status CheckStride(const ModelIo& io, int stride, const DecoderOptions& options) {
  if (io.size.width % stride == 0 && io.size.height % stride == 0) return Status::Ok();
  return Invalid("Expected an input of shape [N,3,H,W] with H and W multiples of " +
                 std::to_string(stride) + " but got " + io.input().shape.Text() +
                 WantedInput(options));
}

Status CheckOutputs(const ModelIo& io, std::size_t count, const DecoderOptions& options) {
  if (io.outputs().size() == count) return Status::Ok();
  return OtherOutputs(io, count == 1 ? "one output" : std::to_string(count) + " outputs", options);
}

Status CheckOutput(const ModelIo& io, std::size_t number, const Shape& expected,
                   const DecoderOptions& options) {
  TensorInfo& output = io.outputs()[number];
  Shape wanted = expected;
  if (wanted.rank() > 0 && wanted[0] < 0 && output.shape.rank() > 0) wanted[0] = output.shape[0];
  bool fits = output.element.has_value() && output.shape.rank() == wanted.rank();
  for (std::size_t i = 0; i < wanted.rank() && fits; ++i) {
    fits = output.shape[i] == wanted[i] || output.shape[i] < 0 || wanted[i] < 0;
  }
  if (!fits) {
    return Invalid("Expected an output of shape " + expected.Text() + " for " +
                   std::to_string(options.labels) + " labels but got " + output.shape.Text() +
                   (output.element ? "" : " of " + output.type) + WantedInput(options));
  }
  for (std::size_t i = 1; i < wanted.rank(); ++i) Fill(&output, i, wanted[i]);
  return Status::Ok();
}

Status ReadRows(const ModelIo& io, std::size_t number, std::size_t at,
                const DecoderOptions& options, std::int64_t* rows) {
  const TensorInfo& output = io.outputs()[number];
  if (at < output.shape.rank() && output.shape[at] > 0 && output.shape[at] <= kMaxRows) {
    *rows = output.shape[at];
    return Status::Ok();
  }
  return Invalid("Expected an output of as many rows for every picture but got " + TextOf(output) +
                 ": export the model with a fixed number of detections" + WantedInput(options));
}

std::optional<std::size_t> OutputNamed(const ModelIo& io,
                                       std::initializer_list<const char*> words) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < io.outputs().size(); ++i) {
    std::string name = io.outputs()[i].name;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool is_one = std::any_of(words.begin(), words.end(), [&](const char* word) {
      return name.find(word) != std::string::npos;
    });
    if (!is_one) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

Status OtherOutputs(const ModelIo& io, const std::string& expected, const DecoderOptions& options) {
  return Invalid("Expected " + expected + " for " + std::to_string(options.labels) +
                 " labels but got " + TextOf(io.outputs()) + WantedInput(options));
}

std::int64_t CellsOf(Size picture, std::initializer_list<int> strides) {
  std::int64_t cells = 0;
  for (const int stride : strides) {
    cells += static_cast<std::int64_t>(picture.width / stride) * (picture.height / stride);
  }
  return cells;
}

}  // namespace jetfleet
