#include "core/decode/output_decoder.h"

#include "core/decode/fastestdet.h"
#include "core/decode/yolox.h"

namespace jetfleet {
namespace {

using Bind = Status (*)(const DecoderOptions&, const ModelInfo&, std::unique_ptr<OutputDecoder>*);

struct Row {
  const char* name;
  Bind bind;
};

/// One row for each family of models.
constexpr Row kDecoders[] = {
    {"yolox", YoloxDecoder::Bind},
    {"fastestdet", FastestDetDecoder::Bind},
};

}  // namespace

Status BindDecoder(const DecoderOptions& options, const ModelInfo& info,
                   std::unique_ptr<OutputDecoder>* decoder) {
  std::string known;
  for (const Row& row : kDecoders) {
    if (options.name == row.name) return row.bind(options, info, decoder);
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  return Status::Error(ErrorCode::kModelInvalid, "Expected a decoder of " + known + " but got " +
                                                     options.name + " while binding the model");
}

}  // namespace jetfleet
