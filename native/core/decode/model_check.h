#pragma once

#include <string>
#include <vector>

#include "core/decode/output_decoder.h"

/// What decoders ask of a model. Errors are MODEL_INVALID and say what was expected.
namespace jetfleet {

/// One tensor of float32; `what` is "input" or "output".
Status CheckOneFloat(const std::vector<TensorInfo>& tensors, const char* what);

/// An input of pictures, [N,3,H,W] with sides that are multiples of `stride`.
Status CheckPicture(const Shape& input, int stride, const std::string& decoder);

/// An output of that shape; a batch that is open on one side takes what the other says.
Status CheckOutput(const Shape& expected, const Shape& output, const DecoderOptions& options);

}  // namespace jetfleet
