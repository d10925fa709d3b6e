#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "core/memory/border.h"

namespace jetfleet {

/// Where bytes lie. `kPinned`: host memory that a GPU reads and writes by itself. `kCuda`: memory
/// of a GPU. `kNvmm`: a surface of a Jetson's decoder, named by its DMA-BUF.
enum class MemoryKind { kHost, kPinned, kCuda, kNvmm };
const char* MemoryKindName(MemoryKind kind);

/// Work of a device that must end before a buffer's bytes are what they should be.
class Fence {
 public:
  virtual ~Fence() = default;
  /// Returns when that work has ended. Any thread; again is harmless.
  virtual void Wait() = 0;
};

/// Some bytes and who owns them. Shared by reference; given back to where they came from (a pool,
/// a decoder) when the last owner lets go.
///
/// A buffer has one or more parts, each contiguous: a decoder may keep the planes of a picture in
/// memories of their own. Pools make buffers of one part.
class Buffer {
 public:
  virtual ~Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  MemoryKind kind() const { return kind_; }
  /// Number of the GPU for `kCuda`; 0 elsewhere.
  int device() const { return device_; }
  /// Of all parts together.
  std::size_t bytes() const { return bytes_; }
  /// -1 when there is none. Owned by the buffer.
  virtual int dmabuf_fd() const { return -1; }
  /// Address of a part for who works in memory of this kind: the device's own for `kCuda`, else as
  /// the CPU sees it. Null when there is none (NVMM has `dmabuf_fd`).
  virtual void* Address(int part) { return MapToHost(part); }

  /// Null when the bytes are there already.
  const std::shared_ptr<Fence>& fence() const { return fence_; }
  void set_fence(std::shared_ptr<Fence> fence) { fence_ = std::move(fence); }

  /// Of inputs that are filled again and again: what lies around the picture in the slot that
  /// begins so many bytes from the beginning, and need not be written again. See TensorView::Host.
  std::map<std::size_t, Border>& borders() { return borders_; }

  /// Address of a part for the CPU, to be read (and written, where the maker of the buffer says
  /// so) after the fence; valid as long as the buffer. Null when the CPU cannot reach it. Maps once
  /// and copies nothing. One thread at a time.
  virtual std::uint8_t* MapToHost(int part) = 0;

 protected:
  Buffer(MemoryKind kind, int device, std::size_t bytes)
      : kind_(kind), device_(device), bytes_(bytes) {}

 private:
  const MemoryKind kind_;
  const int device_;
  const std::size_t bytes_;
  std::shared_ptr<Fence> fence_;
  std::map<std::size_t, Border> borders_;
};

using BufferRef = std::shared_ptr<Buffer>;

/// Uninitialised host memory of one part, aligned for any vector instruction; null when there is
/// not that much.
BufferRef MakeHostBuffer(std::size_t bytes);

}  // namespace jetfleet
