#pragma once

#include <memory>
#include <string>

#include "core/infer/model_program.h"
#include "encoded_heads.h"

namespace jetfleet {

/// A model of any family, one picture in a run, that always answers the same: the tensors of `net`.
std::shared_ptr<ModelProgram> NetModel(const encoded::Net& net, const DecoderOptions& decoder,
                                       const ModelTag& tag);

}  // namespace jetfleet
