#include "core/decode/model_check.h"

namespace jetfleet {
namespace {

constexpr std::int64_t kMaxSide = 8192;

}  // namespace

Status CheckOneFloat(const std::vector<TensorInfo>& tensors, const char* what) {
  if (tensors.size() == 1 && tensors[0].element == ElementType::kFloat32) return Status::Ok();
  std::string got;
  for (const TensorInfo& tensor : tensors) {
    got += (got.empty() ? "" : ", ") + tensor.name + " " + tensor.type + tensor.shape.Text();
  }
  return Status::Error(ErrorCode::kModelInvalid, std::string("Expected one float32 ") + what +
                                                     " but got " + (got.empty() ? "none" : got) +
                                                     " while checking the model");
}

Status CheckPicture(const Shape& input, int stride, const std::string& decoder) {
  const bool fits = input.rank() == 4 && input[0] != 0 && input[1] == 3 && input[2] > 0 &&
                    input[3] > 0 && input[2] % stride == 0 && input[3] % stride == 0 &&
                    input[2] <= kMaxSide && input[3] <= kMaxSide;
  if (fits) return Status::Ok();
  return Status::Error(ErrorCode::kModelInvalid,
                       "Expected an input of shape [N,3,H,W] with H and W multiples of " +
                           std::to_string(stride) + " but got " + input.Text() +
                           " while checking the model for decoder " + decoder);
}

Status CheckOutput(const Shape& expected, const Shape& output, const DecoderOptions& options) {
  Shape got = output;
  if (got.rank() > 0 && (got[0] < 0 || expected[0] < 0)) got[0] = expected[0];
  if (got == expected) return Status::Ok();
  return Status::Error(ErrorCode::kModelInvalid,
                       "Expected an output of shape " + expected.Text() + " for " +
                           std::to_string(options.labels) + " labels but got " + output.Text() +
                           " while checking the model for decoder " + options.name);
}

}  // namespace jetfleet
