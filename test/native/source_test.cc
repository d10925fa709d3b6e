#include "core/media/source.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "core/media/codec_table.h"
#include "slow_decoder.h"
#include "world.h"

namespace jetfleet {
namespace {

/// A decoder that is installed and whose device is not there.
struct AbsentDecoder {
  GstElement element;
};
struct AbsentDecoderClass {
  GstElementClass parent;
};

GType AbsentDecoderType() {
  static const GType type = [] {
    GTypeInfo info{};
    info.class_size = sizeof(AbsentDecoderClass);
    info.instance_size = sizeof(AbsentDecoder);
    info.class_init = [](gpointer klass, gpointer) {
      auto* element = GST_ELEMENT_CLASS(klass);
      gst_element_class_set_static_metadata(element, "absent", "Decoder", "does not open", "test");
      element->change_state = [](GstElement*, GstStateChange change) {
        return change == GST_STATE_CHANGE_NULL_TO_READY ? GST_STATE_CHANGE_FAILURE
                                                        : GST_STATE_CHANGE_SUCCESS;
      };
    };
    return g_type_register_static(GST_TYPE_ELEMENT, "JetfleetAbsentDecoder", &info,
                                  static_cast<GTypeFlags>(0));
  }();
  return type;
}

TEST(OpenDecoder, PassesOverADecoderThatDoesNotOpenAndSaysSo) {
  EnsureGstInit();
  ASSERT_TRUE(gst_element_register(nullptr, "absentdec", GST_RANK_NONE, AbsentDecoderType()));
  CodecRow codec = CodecTable().front();
  codec.decoders.insert(codec.decoders.begin(),
                        {"absentdec", "videoconvert", "video/x-raw", MemoryKind::kHost});
  std::vector<std::string> passed_over;
  OpenedDecoder opened;
  const auto note = [&](const Status& why) { passed_over.push_back(why.message); };
  ASSERT_TRUE(OpenDecoder(codec, Nvmm::kNo, note, &opened).ok());
  ASSERT_EQ(passed_over.size(), 1U);
  EXPECT_NE(passed_over[0].find("absentdec"), std::string::npos);
  EXPECT_STRNE(opened.row->decoder, "absentdec");
  for (GstElement* element : {opened.decoder, opened.converter}) {
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(gst_object_ref_sink(element));
  }

  codec.decoders.resize(1);
  const Status none = OpenDecoder(codec, Nvmm::kNo, note, &opened);
  EXPECT_EQ(none.code, ErrorCode::kNativeLoad);
  EXPECT_NE(none.message.find("absentdec"), std::string::npos);
}

TEST(OpenDecoder, NamesTheConverterThatIsNotInstalledAndWhatBringsIt) {
  EnsureGstInit();
  ASSERT_EQ(GstPtr<GstElementFactory>(gst_element_factory_find("nvvidconv")), nullptr);
  const std::string expected =
      "Expected the GStreamer element nvvidconv but it is not installed; the package "
      "nvidia-l4t-gstreamer brings it";
  CodecRow codec = CodecTable().front();
  codec.decoders.insert(codec.decoders.begin(),
                        {"identity", "nvvidconv", "video/x-raw", MemoryKind::kHost});
  std::vector<std::string> passed_over;
  OpenedDecoder opened;
  const auto note = [&](const Status& why) { passed_over.push_back(why.message); };
  ASSERT_TRUE(OpenDecoder(codec, Nvmm::kNo, note, &opened).ok());
  EXPECT_EQ(passed_over, std::vector<std::string>{expected + "; the next decoder is tried"});
  for (GstElement* element : {opened.decoder, opened.converter}) {
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(gst_object_ref_sink(element));
  }
  // A camera of a Jetson has no other.
  passed_over.clear();
  EXPECT_EQ(OpenDecoder(RawNvmmPictures(), Nvmm::kNo, note, &opened).message, expected);
  EXPECT_EQ(passed_over, std::vector<std::string>());
}

TEST(Source, TellsWarningsOfElementsOnceAndWithoutSecrets) {
  const SlowDecoder complains(std::chrono::microseconds(0),
                              "odd slice of rtsp://guard:s3cret@10.0.0.1/live?token=abc");
  const TempFile video(".mp4");
  MakeVideo(video.path(), 20, false);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Status> warnings;
  int frames = 0;
  bool ended = false;
  SourceOptions options;
  options.uri = video.path();
  Source source(options, {[&](FramePtr) {
                            const std::lock_guard<std::mutex> lock(mutex);
                            ++frames;
                          },
                          [&](SourceState state, const Status&) {
                            const std::lock_guard<std::mutex> lock(mutex);
                            ended = ended || state == SourceState::kEnded;
                            changed.notify_all();
                          },
                          [](const Status& status) { ADD_FAILURE() << status.message; },
                          [&](const Status& warning) {
                            const std::lock_guard<std::mutex> lock(mutex);
                            warnings.push_back(warning);
                          }});
  source.Start();
  {
    std::unique_lock<std::mutex> lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return ended; }));
  }
  source.Stop();
  EXPECT_EQ(frames, 20);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].code, ErrorCode::kSourceFormat);
  EXPECT_NE(warnings[0].message.find("odd slice"), std::string::npos) << warnings[0].message;
  EXPECT_EQ(warnings[0].message.find("s3cret"), std::string::npos) << warnings[0].message;
  EXPECT_EQ(warnings[0].message.find("abc"), std::string::npos) << warnings[0].message;
}

/// The first surface of a video whose encoder was told these colours.
SurfaceDesc FirstSurface(const std::string& colorimetry) {
  EnsureGstInit();
  const TempFile video(".mp4");
  const std::string launch =
      "videotestsrc num-buffers=3 ! "
      "video/x-raw,format=I420,width=64,height=48,colorimetry=(string)" +
      colorimetry + " ! x264enc ! h264parse ! mp4mux ! filesink location=" + video.path();
  const GstPtr<GstElement> pipeline(gst_parse_launch(launch.c_str(), nullptr));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const GstPtr<GstBus> bus(gst_element_get_bus(pipeline.get()));
  GstMessage* end = gst_bus_timed_pop_filtered(
      bus.get(), 20 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  if (end != nullptr) gst_message_unref(end);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);

  std::mutex mutex;
  std::condition_variable changed;
  std::optional<SurfaceDesc> first;
  bool ended = false;
  SourceOptions options;
  options.uri = video.path();
  Source source(options, {[&](FramePtr frame) {
                            const std::lock_guard<std::mutex> lock(mutex);
                            if (!first) first = frame->surface->desc();
                          },
                          [&](SourceState state, const Status&) {
                            const std::lock_guard<std::mutex> lock(mutex);
                            ended = ended || state == SourceState::kEnded;
                            changed.notify_all();
                          },
                          [](const Status& status) { ADD_FAILURE() << status.message; },
                          [](const Status&) {}});
  source.Start();
  std::unique_lock<std::mutex> lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return ended; }));
  lock.unlock();
  source.Stop();
  EXPECT_TRUE(first.has_value());
  return first.value_or(SurfaceDesc{});
}

TEST(Source, CarriesMatrixAndRangeOfTheStreamToTheSurface) {
  // GStreamer's "range:matrix:transfer:primaries".
  const std::vector<std::tuple<std::string, ColorMatrix, ColorRange>> cases = {
      {"1:3:5:1", ColorMatrix::kBt709, ColorRange::kFull},
      {"2:3:5:1", ColorMatrix::kBt709, ColorRange::kLimited},
      {"1:4:16:4", ColorMatrix::kBt601, ColorRange::kFull},
      {"2:6:13:7", ColorMatrix::kBt2020, ColorRange::kLimited},
  };
  for (const auto& [text, matrix, range] : cases) {
    const SurfaceDesc desc = FirstSurface(text);
    EXPECT_EQ(desc.color.matrix, matrix) << text;
    EXPECT_EQ(desc.color.range, range) << text;
  }
}

}  // namespace
}  // namespace jetfleet
