#pragma once

#include <optional>

#include "backends/sized.h"
#include "core/decode/placement.h"
#include "core/memory/tensor.h"
#include "core/status.h"

/// Words of the C ABI as our own.
namespace jetfleet {

/// What a function of a backend answered.
Status StatusOf(std::int32_t code, const JfError& error);

std::optional<ElementType> ElementTypeOf(std::int32_t jf_type);
std::int32_t JfTypeOf(ElementType type);
std::int32_t JfMemoryOf(MemoryKind kind);

JfPreprocess JfPreprocessOf(const PreprocessSpec& spec);

/// INTERNAL when the CPU cannot reach a tensor that lies on the host, or it has too many
/// dimensions.
Status JfTensorOf(const TensorView& view, JfTensor* tensor);

}  // namespace jetfleet
