#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "core/pipeline.h"

namespace jetfleet {

/// 8 × 8, all of one gray.
inline SurfaceRef GrayPicture() {
  SurfaceDesc desc;
  desc.format = PixelFormat::kGray;
  desc.coded = {8, 8};
  desc.visible = {0, 0, 8, 8};
  desc.planes[0] = {0, 0, 8};
  const BufferRef buffer = MakeHostBuffer(64);
  std::fill_n(buffer->MapToHost(0), 64, std::uint8_t{50});
  return std::make_shared<const Surface>(desc, buffer);
}

inline FramePtr MakeFrame(std::uint32_t source, std::uint64_t index) {
  auto frame = std::make_unique<Frame>();
  frame->trace = FrameTrace(Clock::now());
  frame->result.id = {source, index};
  frame->surface = GrayPicture();
  return frame;
}

/// Pictures without GStreamer, whose locks the thread sanitizer does not see.
class MadeSource final : public FrameSource {
 public:
  explicit MadeSource(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}
  ~MadeSource() override { Stop(); }

  void Start() override {
    thread_ = std::thread([this] {
      callbacks_.on_state(SourceState::kPlaying, Status::Ok());
      for (double pts_ms = 0; !stopping_; pts_ms += 40) {
        auto frame = std::make_unique<Frame>();
        frame->trace = FrameTrace(Clock::now());
        frame->result.pts_ms = pts_ms;
        frame->result.size = {8, 8};
        frame->surface = GrayPicture();
        callbacks_.on_picture(std::move(frame));
        if (live_) std::this_thread::sleep_for(interval_);
      }
    });
  }
  void RequestStop() override { stopping_ = true; }
  void Stop() override {
    RequestStop();
    if (thread_.joinable()) thread_.join();
  }
  bool live() const override { return live_; }
  SourceMeter& meter() override { return meter_; }
  int reconnects() const override { return 0; }
  void set_live(std::chrono::milliseconds interval) {
    live_ = true;
    interval_ = interval;
  }

 private:
  const Callbacks callbacks_;
  SourceMeter meter_;
  bool live_ = false;
  std::chrono::milliseconds interval_{1};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// `interval`: between two pictures of a live one.
inline PipelineSource Made(const std::string& name, bool live,
                           std::chrono::milliseconds interval = std::chrono::milliseconds(1)) {
  PipelineSource source;
  source.name = name;
  source.options.uri = live ? "rtsp://127.0.0.1/made" : "file:///made";
  source.make = [live, interval](const SourceOptions&, FrameSource::Callbacks callbacks) {
    auto made = std::make_unique<MadeSource>(std::move(callbacks));
    if (live) made->set_live(interval);
    return made;
  };
  return source;
}

}  // namespace jetfleet
