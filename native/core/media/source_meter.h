#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "core/media/decode_backlog.h"
#include "core/media/drop_reason.h"

namespace jetfleet {

/// What a source is known to do, over all its connections. Written by its threads, read by the
/// statistics.
class SourceMeter {
 public:
  DropCounts drops;
  DecodeBacklog backlog;

  struct Facts {
    /// The element that decodes; empty before it is chosen.
    std::string decoder;
    /// "tcp" or "udp" for live sources, as it is now and not as it was asked for.
    std::string transport;
    /// How far this device's clock is ahead of the camera's, by its sender reports.
    std::optional<double> clock_offset_ms;
  };
  Facts facts() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return facts_;
  }
  void SetDecoder(const std::string& decoder) {
    const std::lock_guard<std::mutex> lock(mutex_);
    facts_.decoder = decoder;
  }
  void SetTransport(const std::string& transport) {
    const std::lock_guard<std::mutex> lock(mutex_);
    facts_.transport = transport;
  }
  void SetClockOffset(double milliseconds) {
    const std::lock_guard<std::mutex> lock(mutex_);
    facts_.clock_offset_ms = milliseconds;
  }

 private:
  mutable std::mutex mutex_;
  Facts facts_;
};

}  // namespace jetfleet
