#include "core/infer/abi.h"

#include <algorithm>

namespace jetfleet {
namespace {

ErrorCode CodeOf(std::int32_t code) {
  switch (code) {
    case JF_MODEL_INVALID:
    case JF_UNSUPPORTED:
      return ErrorCode::kModelInvalid;
    case JF_LIBRARY:
      return ErrorCode::kNativeLoad;
    case JF_CANCELLED:
      return ErrorCode::kCancelled;
    case JF_OUT_OF_MEMORY:
      return ErrorCode::kModelMemory;
    default:
      return ErrorCode::kInternal;
  }
}

struct TypeRow {
  std::int32_t jf;
  ElementType type;
};

constexpr TypeRow kTypes[] = {
    {JF_FLOAT32, ElementType::kFloat32}, {JF_FLOAT16, ElementType::kFloat16},
    {JF_UINT8, ElementType::kUint8},     {JF_INT8, ElementType::kInt8},
    {JF_INT32, ElementType::kInt32},     {JF_INT64, ElementType::kInt64},
    {JF_BOOL, ElementType::kBool},
};

}  // namespace

Status StatusOf(std::int32_t code, const JfError& error) {
  if (code == JF_OK) return Status::Ok();
  const auto* end = std::find(std::begin(error.message), std::end(error.message), '\0');
  std::string message(std::begin(error.message), end);
  if (message.empty()) message = "The backend failed without saying why";
  return Status::Error(CodeOf(code), std::move(message));
}

std::optional<ElementType> ElementTypeOf(std::int32_t jf_type) {
  for (const TypeRow& row : kTypes) {
    if (row.jf == jf_type) return row.type;
  }
  return std::nullopt;
}

std::int32_t JfTypeOf(ElementType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.jf;
  }
  return JF_UNKNOWN_TYPE;
}

std::int32_t JfMemoryOf(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::kHost:
      return JF_HOST;
    case MemoryKind::kPinned:
      return JF_PINNED;
    case MemoryKind::kCuda:
      return JF_CUDA;
    case MemoryKind::kNvmm:
      return JF_NVMM;
  }
  return JF_HOST;
}

JfPreprocess JfPreprocessOf(const PreprocessSpec& spec) {
  JfPreprocess preprocess = Sized<JfPreprocess>();
  preprocess.bgr = spec.channels == PreprocessSpec::Channels::kBgr ? 1 : 0;
  std::copy(spec.mean.begin(), spec.mean.end(), preprocess.mean);
  std::copy(spec.scale.begin(), spec.scale.end(), preprocess.scale);
  std::fill(std::begin(preprocess.pad), std::end(preprocess.pad), spec.pad);
  return preprocess;
}

Status JfTensorOf(const TensorView& view, JfTensor* tensor) {
  *tensor = Sized<JfTensor>();
  const TensorDesc& desc = view.desc();
  tensor->type = JfTypeOf(desc.type);
  tensor->memory = JfMemoryOf(view.buffer()->kind());
  tensor->device = view.buffer()->device();
  tensor->data = view.Address();
  if (tensor->data == nullptr) {
    return Status::Error(ErrorCode::kInternal, std::string("Cannot reach a tensor in ") +
                                                   MemoryKindName(view.buffer()->kind()) +
                                                   " memory");
  }
  tensor->bytes = desc.bytes();
  tensor->rank = static_cast<std::int32_t>(desc.shape.rank());
  std::copy(desc.shape.begin(), desc.shape.end(), tensor->dims);
  return Status::Ok();
}

}  // namespace jetfleet
