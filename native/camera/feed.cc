#include "feed.h"

#include <cmath>

namespace jetfleet::camera {

Clock::time_point Shutter::At(uint64_t frame) const {
  return start_ + std::chrono::nanoseconds(frame * 1000000000ull / static_cast<uint64_t>(fps_));
}

uint64_t Shutter::Next() const {
  const std::chrono::duration<double> gone = Clock::now() - start_;
  return static_cast<uint64_t>(std::floor(gone.count() * fps_)) + 1;
}

uint64_t Shutter::CapturedAtUs(uint64_t frame) const {
  const auto moment =
      std::chrono::system_clock::now() +
      std::chrono::duration_cast<std::chrono::system_clock::duration>(At(frame) - Clock::now());
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(moment.time_since_epoch()).count());
}

Feed::~Feed() {
  if (appsrc_ != nullptr) gst_object_unref(appsrc_);
}

void Feed::Start(GstElement* appsrc) {
  appsrc_ = GST_ELEMENT(gst_object_ref(appsrc));
  g_signal_connect(appsrc_, "need-data", G_CALLBACK(OnNeedData), this);
  thread_ = std::thread([this] { Main(); });
}

void Feed::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  g_signal_handlers_disconnect_by_data(appsrc_, this);
}

void Feed::OnNeedData(GstAppSrc*, guint, gpointer self) {
  auto* feed = static_cast<Feed*>(self);
  {
    const std::lock_guard lock(feed->mutex_);
    if (feed->wanted_) return;
    feed->wanted_ = true;
  }
  feed->changed_.notify_all();
}

// A live appsrc asks for data once it plays: from then on the stream's clock runs.
void Feed::Main() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return wanted_ || stopping_; });
    if (stopping_) return;
  }
  Run();
}

bool Feed::WaitUntil(Clock::time_point moment) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_until(lock, moment, [this] { return stopping_; });
}

GstClockTime Feed::RunningTime(Clock::time_point moment) const {
  GstClock* clock = gst_element_get_clock(appsrc_);
  if (clock == nullptr) return 0;
  const auto now =
      static_cast<gint64>(gst_clock_get_time(clock) - gst_element_get_base_time(appsrc_));
  gst_object_unref(clock);
  const auto ahead =
      std::chrono::duration_cast<std::chrono::nanoseconds>(moment - Clock::now()).count();
  return static_cast<GstClockTime>(std::max<gint64>(0, now + ahead));
}

bool Feed::Push(GstBuffer* buffer) {
  return gst_app_src_push_buffer(GST_APP_SRC(appsrc_), buffer) == GST_FLOW_OK;
}

}  // namespace jetfleet::camera
