#include "core/media/decoder_choice.h"

namespace jetfleet {
namespace {

constexpr char kHostCaps[] = "video/x-raw,format=(string){I420,NV12}";

constexpr DecoderChoice kChoices[] = {
    // Hardware of a Jetson; until pictures stay in NVMM, the VIC copies them to host memory once.
    {"nvv4l2decoder", "nvvidconv", "video/x-raw,format=(string)NV12"},
    {"avdec_h264", "videoconvert", kHostCaps},
    {"openh264dec", "videoconvert", kHostCaps},
};

bool Exists(const char* name) {
  GstElementFactory* factory = gst_element_factory_find(name);
  if (factory == nullptr) return false;
  gst_object_unref(factory);
  return true;
}

bool Has(GstElement* element, const char* property) {
  return g_object_class_find_property(G_OBJECT_GET_CLASS(element), property) != nullptr;
}

}  // namespace

Status ChooseDecoder(const DecoderChoice** choice) {
  for (const DecoderChoice& candidate : kChoices) {
    if (!Exists(candidate.decoder) || !Exists(candidate.converter)) continue;
    *choice = &candidate;
    return Status::Ok();
  }
  return Status::Error(ErrorCode::kNativeLoad,
                       "Expected a GStreamer H.264 decoder (nvv4l2decoder, avdec_h264 of "
                       "gstreamer1.0-libav or openh264dec) but got none on this machine");
}

void ConfigureDecoder(GstElement* decoder) {
  // libav: frame threads would each hold back a frame.
  if (Has(decoder, "max-threads")) g_object_set(decoder, "max-threads", 1, nullptr);
  if (Has(decoder, "enable-max-performance")) {
    g_object_set(decoder, "enable-max-performance", TRUE, nullptr);
  }
}

}  // namespace jetfleet
