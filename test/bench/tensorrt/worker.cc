#include "worker.h"

#include <algorithm>
#include <cstring>

#include "core/decode/nms.h"
#include "core/infer/abi.h"
#include "core/memory/surface.h"
#include "street.h"

namespace jetfleet::bench {
namespace {

/// Candidates of a frame; the street has some dozens.
constexpr std::uint32_t kMost = 512;
constexpr float kNmsIou = 0.45F;
constexpr std::size_t kRowBytes = sizeof(JfCandidate);

JfSurface SurfaceOf(const Nv12& picture) {
  JfSurface surface = Sized<JfSurface>();
  surface.memory = picture.memory;
  surface.dmabuf_fd = -1;
  surface.format = static_cast<std::int32_t>(PixelFormat::kNv12);
  surface.matrix = static_cast<std::int32_t>(ColorMatrix::kBt709);
  surface.coded_width = surface.visible_width = kStreetWidth;
  surface.coded_height = surface.visible_height = kStreetHeight;
  surface.planes[0] = surface.planes[1] = picture.data;
  surface.offsets[1] = kStreetWidth * kStreetHeight;
  surface.strides[0] = surface.strides[1] = kStreetWidth;
  return surface;
}

void* AddressOf(const cuda::DeviceMemory& memory) { return reinterpret_cast<void*>(memory.get()); }

}  // namespace

Worker::Worker(const Engine& engine, bool filtered, float min_score, Memory memory)
    : engine_(engine),
      functions_(*engine.backend().table().context),
      filtered_(filtered),
      memory_(memory),
      context_(engine.NewContext()),
      slots_(engine.backend().capabilities().tickets),
      placement_(
          Placement::Of(spec_, {kStreetWidth, kStreetHeight}, {engine.width(), engine.height()})) {
  if (filtered) {
    JfFilter filter = Sized<JfFilter>();
    filter.head = JF_HEAD_YOLOX;
    filter.most = kMost;
    filter.min_score = min_score;
    JfError error = Sized<JfError>();
    Check(functions_.filter(context_, &filter, &error), error);
  }
  const auto batch = static_cast<std::size_t>(engine.batch());
  for (Slot& slot : slots_) {
    slot.input = cuda::Allocate(BytesOf(engine.input()));
    if (filtered) slot.candidates = cuda::AllocatePinned(batch * (kMost + 1) * kRowBytes);
    for (const JfIo& output : engine.outputs()) {
      slot.outputs.push_back(cuda::Allocate(BytesOf(output)));
    }
  }
}

Worker::~Worker() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    JfError error = Sized<JfError>();
    Slot& slot = slots_[(next_ + i) % slots_.size()];
    if (slot.busy) functions_.wait(context_, slot.ticket, &error);
  }
  functions_.destroy(context_);
}

JfTransfers Worker::transfers() const {
  JfTransfers transfers = Sized<JfTransfers>();
  JfError error = Sized<JfError>();
  Check(functions_.transfers(context_, &transfers, &error), error);
  return transfers;
}

Worker::Slot* Worker::Next(const Out& out) {
  Slot* const slot = &slots_[next_++ % slots_.size()];
  if (slot->busy) Finish(slot, out);
  return slot;
}

void Worker::Push(const std::vector<Nv12>& pictures, std::uint64_t first_frame, const Out& out) {
  Slot* const slot = Next(out);
  std::vector<JfSurface> surfaces;
  for (const Nv12& picture : pictures) surfaces.push_back(SurfaceOf(picture));
  JfRect rect = Sized<JfRect>();
  rect.x = placement_.target.x;
  rect.y = placement_.target.y;
  rect.width = placement_.target.width;
  rect.height = placement_.target.height;
  std::vector<const JfSurface*> pointers;
  for (const JfSurface& surface : surfaces) pointers.push_back(&surface);
  const std::vector<const JfRect*> rects(surfaces.size(), &rect);
  const JfPreprocess preprocess = JfPreprocessOf(spec_);
  const JfTensor input = TensorOf(engine_.input(), JF_CUDA, AddressOf(slot->input));
  JfError error = Sized<JfError>();
  Check(
      functions_.prepare(context_, pointers.data(), rects.data(),
                         static_cast<std::uint32_t>(pointers.size()), &preprocess, &input, &error),
      error);
  slot->first_frame = first_frame;
  slot->frames = static_cast<int>(pictures.size());
  Submit(slot);
}

void Worker::PushBare() {
  Slot* const slot = Next(nullptr);
  slot->frames = 0;
  Submit(slot);
}

void Worker::Submit(Slot* slot) {
  const Slot& memory = memory_ == Memory::kShared ? slots_[0] : *slot;
  const JfTensor input = TensorOf(engine_.input(), JF_CUDA, AddressOf(memory.input));
  std::vector<JfTensor> outputs;
  for (std::size_t i = 0; i < engine_.outputs().size(); ++i) {
    outputs.push_back(TensorOf(engine_.outputs()[i], JF_CUDA, AddressOf(memory.outputs[i])));
  }
  if (filtered_) {
    JfTensor& candidates = outputs[0];
    candidates.memory = JF_PINNED;
    candidates.data = slot->candidates.get();
    candidates.dims[1] = kMost + 1;
    candidates.dims[2] = kRowBytes / sizeof(float);
    candidates.bytes = static_cast<std::uint64_t>(candidates.dims[0]) * (kMost + 1) * kRowBytes;
  }
  std::vector<const JfTensor*> pointers;
  for (const JfTensor& output : outputs) pointers.push_back(&output);
  const JfTensor* const inputs[] = {&input};
  JfError error = Sized<JfError>();
  Check(functions_.submit(context_, static_cast<const JfTensor* const*>(inputs), 1, pointers.data(),
                          static_cast<std::uint32_t>(pointers.size()), &slot->ticket, &error),
        error);
  slot->busy = true;
}

void Worker::Finish(Slot* slot, const Out& out) {
  JfError error = Sized<JfError>();
  slot->busy = false;
  Check(functions_.wait(context_, slot->ticket, &error), error);
  if (!filtered_ || out == nullptr) return;
  for (int item = 0; item < slot->frames; ++item) {
    const auto* const rows = static_cast<const JfCandidate*>(slot->candidates.get()) +
                             static_cast<std::size_t>(item) * (kMost + 1);
    std::uint32_t reached = 0;
    std::memcpy(&reached, rows, sizeof(reached));
    const std::uint32_t kept = std::min(reached, kMost);
    dropped_ += reached - kept;
    std::vector<JfCandidate> candidates(rows + 1, rows + 1 + kept);
    // The GPU writes them in no order; the decoder's is that of cells.
    std::sort(candidates.begin(), candidates.end(),
              [](const JfCandidate& a, const JfCandidate& b) { return a.cell < b.cell; });
    std::vector<Detection> found;
    for (const JfCandidate& one : candidates) {
      found.push_back({{one.left, one.top, one.width, one.height}, one.score, one.label});
    }
    SuppressNonMaxima(kNmsIou, &found);
    for (Detection& detection : found) detection.box = placement_.Undo(detection.box);
    out(slot->first_frame + static_cast<std::uint64_t>(item), std::move(found));
  }
}

void Worker::Drain(const Out& out) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[(next_ + i) % slots_.size()];
    if (slot.busy) Finish(&slot, out);
  }
}

}  // namespace jetfleet::bench
