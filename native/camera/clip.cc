#include "clip.h"

#include <gst/app/gstappsink.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace jetfleet::camera {
namespace {

constexpr GstClockTime kGlance = 100 * GST_MSECOND;
constexpr int kMostGlances = 100;

/// The pipeline's error message, or nothing.
std::string ErrorOf(GstElement* pipeline) {
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  gst_object_unref(bus);
  if (message == nullptr) return "";
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  std::string text = error->message;
  g_error_free(error);
  gst_message_unref(message);
  return text;
}

}  // namespace

// filesrc ! qtdemux ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=au ! appsink
Clip::Clip(const std::string& path) {
  GstElement* pipeline = gst_parse_launch(
      "filesrc name=file ! qtdemux ! h264parse config-interval=-1 ! "
      "video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=out sync=false "
      "max-buffers=64",
      nullptr);
  GstElement* file = gst_bin_get_by_name(GST_BIN(pipeline), "file");
  g_object_set(file, "location", path.c_str(), nullptr);
  gst_object_unref(file);
  GstElement* out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  std::string error;
  for (int glances = 0; error.empty() && gst_app_sink_is_eos(GST_APP_SINK(out)) == 0;) {
    GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(out), kGlance);
    if (sample != nullptr) {
      Add(sample);
      gst_sample_unref(sample);
      glances = 0;
      continue;
    }
    error = ErrorOf(pipeline);
    if (error.empty() && ++glances == kMostGlances) error = "no picture within 10 s";
  }
  if (error.empty() && pictures_.empty()) error = "it holds no picture";
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(out);
  gst_object_unref(pipeline);
  if (!error.empty())
    throw std::runtime_error("expected H.264 video in " + path + " but: " + error);
  Number();
}

Clip::~Clip() {
  for (CodedPicture& picture : pictures_) gst_buffer_unref(picture.data);
  if (caps_ != nullptr) gst_caps_unref(caps_);
}

void Clip::Add(GstSample* sample) {
  GstBuffer* data = gst_sample_get_buffer(sample);
  const GstSegment* segment = gst_sample_get_segment(sample);
  if (caps_ == nullptr) {
    caps_ = gst_caps_ref(gst_sample_get_caps(sample));
    const GstStructure* s = gst_caps_get_structure(caps_, 0);
    gst_structure_get_int(s, "width", &width_);
    gst_structure_get_int(s, "height", &height_);
  }
  CodedPicture picture;
  picture.data = gst_buffer_ref(data);
  // An edit list may begin later than the first picture: shift by the segment, never below 0.
  const auto shifted = [&](GstClockTime t) {
    return GST_CLOCK_TIME_IS_VALID(t) && t > segment->start ? t - segment->start : 0;
  };
  picture.pts = shifted(GST_BUFFER_PTS(data));
  picture.dts = GST_BUFFER_DTS_IS_VALID(data) ? shifted(GST_BUFFER_DTS(data)) : picture.pts;
  const GstClockTime length = GST_BUFFER_DURATION_IS_VALID(data) ? GST_BUFFER_DURATION(data) : 0;
  duration_ = std::max(duration_, picture.pts + length);
  pictures_.push_back(picture);
}

void Clip::Number() {
  std::vector<size_t> order(pictures_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return pictures_[a].pts < pictures_[b].pts; });
  for (size_t i = 0; i < order.size(); ++i) pictures_[order[i]].number = i;
}

double Clip::fps() const {
  return duration_ == 0
             ? 0
             : static_cast<double>(pictures_.size()) * GST_SECOND / static_cast<double>(duration_);
}

}  // namespace jetfleet::camera
