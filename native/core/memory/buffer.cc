#include "core/memory/buffer.h"

#include <new>

namespace jetfleet {
namespace {

constexpr std::align_val_t kAlignment{64};

struct AlignedDelete {
  void operator()(std::uint8_t* memory) const { ::operator delete(memory, kAlignment); }
};

class HostBuffer final : public Buffer {
 public:
  HostBuffer(std::size_t bytes, std::uint8_t* memory)
      : Buffer(MemoryKind::kHost, 0, bytes), memory_(memory) {}

  std::uint8_t* MapToHost(int part) override { return part == 0 ? memory_.get() : nullptr; }

 private:
  const std::unique_ptr<std::uint8_t, AlignedDelete> memory_;
};

}  // namespace

const char* MemoryKindName(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::kHost:
      return "host";
    case MemoryKind::kPinned:
      return "pinned";
    case MemoryKind::kCuda:
      return "cuda";
    case MemoryKind::kNvmm:
      return "nvmm";
  }
  return "host";
}

BufferRef MakeHostBuffer(std::size_t bytes) {
  auto* const memory = static_cast<std::uint8_t*>(::operator new(bytes, kAlignment, std::nothrow));
  return memory == nullptr ? nullptr : std::make_shared<HostBuffer>(bytes, memory);
}

}  // namespace jetfleet
