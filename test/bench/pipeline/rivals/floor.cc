// floor RUNTIME MODEL CLIP FRAMES: decodes the clip and infers on a grey tensor as often as the
// clip has frames, at the same time, in two threads that know nothing of each other.
#include <gst/gst.h>

#include <string>
#include <thread>

#include "inference.h"

namespace {

void Decode(const std::string& clip) {
  const std::string text =
      "filesrc location=\"" + clip +
      "\" ! parsebin ! h264parse ! avdec_h264 max-threads=1 ! fakesink sync=false";
  GstElement* pipeline = gst_parse_launch(text.c_str(), nullptr);
  if (pipeline == nullptr) rivals::Die("cannot build the decoder");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message =
      gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE,
                                 static_cast<GstMessageType>(static_cast<int>(GST_MESSAGE_EOS) |
                                                             static_cast<int>(GST_MESSAGE_ERROR)));
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) rivals::Die("cannot decode");
  gst_message_unref(message);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) rivals::Die("usage: floor RUNTIME MODEL CLIP FRAMES");
  gst_init(nullptr, nullptr);
  rivals::Inference inference(argv[1], argv[2]);
  const std::string clip = argv[3];
  const int frames = std::atoi(argv[4]);
  rivals::Meter meter;
  meter.Begin();
  std::thread decoder([&clip] { Decode(clip); });
  for (int i = 0; i < frames; ++i) inference.Run();
  decoder.join();
  meter.Print(frames, 0);
}
