#include <cmath>
#include <cstdio>

#include "feed.h"
#include "stamp.h"

namespace jetfleet::camera {
namespace {

// A camera that cannot keep up skips pictures rather than fall behind without end.
constexpr auto kMostLate = std::chrono::milliseconds(700);

}  // namespace

// One coded picture out for each one in, at once: no B-frames, no lookahead, one thread, so one
// slice.
SceneFeed::SceneFeed(const Options& options, const Shutter& shutter, scene::Scene& scene,
                     std::mutex& drawing)
    : options_(options), shutter_(shutter), scene_(scene), drawing_(drawing) {
  launch_ =
      "appsrc name=feed is-live=true format=time max-bytes=0 max-buffers=12 leaky-type=downstream "
      "! "
      "x264enc name=coder tune=zerolatency speed-preset=ultrafast threads=1 bframes=0 "
      "key-int-max=" +
      std::to_string(2 * options.fps) + " bitrate=" + std::to_string(options.bitrate_kbit) +
      " vbv-buf-capacity=1000 ! video/x-h264,profile=main,stream-format=byte-stream,alignment=au";
}

void SceneFeed::Configure(GstElement* bin) {
  GstElement* source = gst_bin_get_by_name(GST_BIN(bin), "feed");
  GstCaps* caps = gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT, options_.width, "height",
      G_TYPE_INT, options_.height, "framerate", GST_TYPE_FRACTION, options_.fps, 1, "colorimetry",
      G_TYPE_STRING, "bt709", "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, nullptr);
  g_object_set(source, "caps", caps, nullptr);
  gst_caps_unref(caps);
  GstElement* coder = gst_bin_get_by_name(GST_BIN(bin), "coder");
  GstPad* pad = gst_element_get_static_pad(coder, "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, OnCoded, this, nullptr);
  gst_object_unref(pad);
  gst_object_unref(coder);
  Start(source);
  gst_object_unref(source);
}

void SceneFeed::Run() {
  uint64_t frame = shutter_.Next();
  first_frame_ = frame;
  first_time_ = RunningTime(shutter_.At(frame));
  while (WaitUntil(shutter_.At(frame))) {
    if (!Push(Draw(frame))) return;
    ++frame;
    if (Clock::now() - shutter_.At(frame) > kMostLate) {
      const uint64_t next = shutter_.Next();
      std::fprintf(stderr, "jetfleet-camera: too slow, skipped frames %llu to %llu\n",
                   static_cast<unsigned long long>(frame),
                   static_cast<unsigned long long>(next - 1));
      frame = next;
    }
  }
}

GstBuffer* SceneFeed::Draw(uint64_t frame) {
  const int w = options_.width, h = options_.height;
  // As GStreamer lays out I420: strides are rounded up to four bytes, planes follow each other.
  const int luma = (w + 3) & ~3, chroma = (w / 2 + 3) & ~3;
  const gsize luma_size = static_cast<gsize>(luma) * h,
              chroma_size = static_cast<gsize>(chroma) * (h / 2);
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, luma_size + 2 * chroma_size, nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  {
    const std::lock_guard lock(drawing_);
    scene_.RenderI420(frame, {map.data, map.data + luma_size, map.data + luma_size + chroma_size,
                              luma, chroma, chroma});
  }
  gst_buffer_unmap(buffer, &map);
  const guint64 since = frame - first_frame_;
  GST_BUFFER_PTS(buffer) = first_time_ + gst_util_uint64_scale(since, GST_SECOND, options_.fps);
  GST_BUFFER_DURATION(buffer) = GST_SECOND / options_.fps;
  return buffer;
}

// The number comes back out of the running time, which the coder keeps, so a dropped picture shifts
// nothing.
GstPadProbeReturn SceneFeed::OnCoded(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
  auto* feed = static_cast<SceneFeed*>(self);
  GstBuffer* unit = GST_PAD_PROBE_INFO_BUFFER(info);
  GstEvent* event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
  if (event == nullptr) return GST_PAD_PROBE_OK;
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event, &segment);
  const GstClockTime time =
      gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(unit));
  gst_event_unref(event);
  const double since = static_cast<double>(GST_CLOCK_DIFF(feed->first_time_, time)) *
                       feed->options_.fps / GST_SECOND;
  const uint64_t frame =
      feed->first_frame_ + static_cast<uint64_t>(std::llround(std::max(0.0, since)));
  GST_PAD_PROBE_INFO_DATA(info) = InsertFrameTag(unit, {frame, feed->shutter_.CapturedAtUs(frame)});
  return GST_PAD_PROBE_OK;
}

}  // namespace jetfleet::camera
