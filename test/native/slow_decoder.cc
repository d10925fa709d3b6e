#include "slow_decoder.h"

#include <gst/gst.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "core/media/media_pipeline.h"

namespace {

struct SlowBin {
  GstBin bin;
};
struct SlowBinClass {
  GstBinClass bin;
};
G_DEFINE_TYPE(SlowBin, slow_bin, GST_TYPE_BIN)

std::atomic<guint> pause_us{0};
/// Set before any decoder is there.
std::string warning_text;

void Warn(GstElement* pause, GstBuffer*, gpointer) {
  GST_ELEMENT_WARNING(pause, STREAM, DECODE, ("%s", warning_text.c_str()), (nullptr));
}

void slow_bin_class_init(SlowBinClass* type) {
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(type), "slow decoder",
                                        "Codec/Decoder/Video", "pauses, then decodes", "tests");
}

void Expose(SlowBin* bin, GstElement* element, const char* name) {
  GstPad* pad = gst_element_get_static_pad(element, name);
  gst_element_add_pad(GST_ELEMENT(bin), gst_ghost_pad_new(name, pad));
  gst_object_unref(pad);
}

void slow_bin_init(SlowBin* bin) {
  GstElement* pause = gst_element_factory_make("identity", nullptr);
  GstElement* decoder = gst_element_factory_make("avdec_h264", nullptr);
  g_object_set(pause, "sleep-time", pause_us.load(), nullptr);
  if (!warning_text.empty()) g_signal_connect(pause, "handoff", G_CALLBACK(Warn), nullptr);
  g_object_set(decoder, "max-threads", 1, "output-corrupt", FALSE, nullptr);
  gst_bin_add_many(GST_BIN(bin), pause, decoder, nullptr);
  gst_element_link(pause, decoder);
  Expose(bin, pause, "sink");
  Expose(bin, decoder, "src");
}

constexpr char kDecoder[] = "nvv4l2decoder";
constexpr char kConverter[] = "nvvidconv";

void Forget(const char* name) {
  GstPluginFeature* feature =
      gst_registry_find_feature(gst_registry_get(), name, GST_TYPE_ELEMENT_FACTORY);
  if (feature == nullptr) return;
  gst_registry_remove_feature(gst_registry_get(), feature);
  gst_object_unref(feature);
}

}  // namespace

namespace jetfleet {

SlowDecoder::SlowDecoder(std::chrono::microseconds pause, const std::string& warning) {
  EnsureGstInit();
  warning_text = warning;
  pause_us = static_cast<guint>(pause.count());
  GstElement* converter = gst_element_factory_make("videoconvert", nullptr);
  EXPECT_NE(converter, nullptr);
  gst_element_register(nullptr, kConverter, GST_RANK_NONE, G_OBJECT_TYPE(converter));
  gst_element_register(nullptr, kDecoder, GST_RANK_NONE, slow_bin_get_type());
  gst_object_unref(converter);
}

SlowDecoder::~SlowDecoder() {
  Forget(kDecoder);
  Forget(kConverter);
}

}  // namespace jetfleet
