// floor RUNTIME MODEL CLIP FRAMES STREAMS: decodes the clip so many times side by side and infers
// on a grey tensor as often as these have frames together, at the same time, in threads that know
// nothing of each other.
#include <gst/gst.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/media/picture_pool.h"
#include "inference.h"

namespace {

/// Opened by the first picture: what it takes to open a file is not what a frame costs.
class Gate {
 public:
  void Open() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void Await() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

GstPadProbeReturn OnFirstPicture(GstPad*, GstPadProbeInfo*, gpointer gate) {
  static_cast<Gate*>(gate)->Open();
  return GST_PAD_PROBE_REMOVE;
}

/// The decoder at its best: it copies no picture.
GstPadProbeReturn OnQuery(GstPad*, GstPadProbeInfo* info, gpointer) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
  jetfleet::OfferPicturePool(query);
  return GST_PAD_PROBE_HANDLED;
}

void Decode(const std::string& clip, Gate* decoding) {
  const std::string text =
      "filesrc location=\"" + clip +
      "\" ! parsebin ! h264parse ! avdec_h264 max-threads=1 ! fakesink name=end sync=false";
  GstElement* pipeline = gst_parse_launch(text.c_str(), nullptr);
  if (pipeline == nullptr) rivals::Die("cannot build the decoder");
  GstElement* end = gst_bin_get_by_name(GST_BIN(pipeline), "end");
  GstPad* pad = gst_element_get_static_pad(end, "sink");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, OnFirstPicture, decoding, nullptr);
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, OnQuery, nullptr, nullptr);
  gst_object_unref(pad);
  gst_object_unref(end);
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
  if (argc != 6) rivals::Die("usage: floor RUNTIME MODEL CLIP FRAMES STREAMS");
  gst_init(nullptr, nullptr);
  rivals::Inference inference(argv[1], argv[2]);
  const std::string clip = argv[3];
  const int streams = std::atoi(argv[5]);
  const int frames = std::atoi(argv[4]) * streams;
  rivals::Meter meter;
  Gate decoding;
  std::vector<std::thread> decoders;
  for (int i = 0; i < streams; ++i) {
    decoders.emplace_back([&] { Decode(clip, &decoding); });
  }
  decoding.Await();
  meter.Begin();
  for (int i = 0; i < frames; ++i) inference.Run();
  for (std::thread& decoder : decoders) decoder.join();
  meter.Print(frames, 0);
}
