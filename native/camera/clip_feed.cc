#include "feed.h"
#include "stamp.h"

namespace jetfleet::camera {

const char* ClipFeed::Launch() const {
  return "appsrc name=feed is-live=true format=time block=true max-bytes=0 max-buffers=8";
}

void ClipFeed::Configure(GstElement* bin) {
  GstElement* source = gst_bin_get_by_name(GST_BIN(bin), "feed");
  g_object_set(source, "caps", clip_.caps(), nullptr);
  Start(source);
  gst_object_unref(source);
}

void ClipFeed::Run() {
  const Clock::time_point start = Clock::now();
  const GstClockTime start_time = RunningTime(start);
  for (uint64_t round = 0; PushOnce(round, start, start_time);) {
    if (!loop_) {
      gst_app_src_end_of_stream(GST_APP_SRC(appsrc_));
      return;
    }
    ++round;
  }
}

bool ClipFeed::PushOnce(uint64_t round, Clock::time_point start, GstClockTime start_time) {
  const GstClockTime offset = round * clip_.duration();
  for (const CodedPicture& picture : clip_.pictures()) {
    const Clock::time_point due = start + std::chrono::nanoseconds(offset + picture.dts);
    if (!WaitUntil(due)) return false;
    const auto captured = std::chrono::system_clock::now().time_since_epoch();
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(captured).count();
    GstBuffer* unit = InsertFrameTag(
        gst_buffer_copy(picture.data),
        {round * clip_.pictures().size() + picture.number, static_cast<uint64_t>(us)});
    GST_BUFFER_PTS(unit) = start_time + offset + picture.pts;
    GST_BUFFER_DTS(unit) = start_time + offset + picture.dts;
    if (!Push(unit)) return false;
  }
  return true;
}

}  // namespace jetfleet::camera
