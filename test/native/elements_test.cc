#include "core/media/elements.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "core/media/codec_table.h"
#include "core/pipeline.h"
#include "not_installed.h"
#include "world.h"

namespace jetfleet {
namespace {

const std::vector<const char*> kAlwaysAsked = {
    "identity", "queue",  "filesrc", "fakesink", "parsebin", "capsfilter",       "videotestsrc",
    "rtspsrc",  "rtpbin", "udpsrc",  "v4l2src",  "avidemux", "nvarguscamerasrc", "mpegpsdemux"};

/// What a pipeline on it fails for.
Status FailureOf(const std::string& uri) {
  PipelineOptions options;
  options.sources.emplace_back();
  options.sources.back().options.uri = uri;
  Recorder recorder;
  Pipeline pipeline(options, FakeModelOn(std::make_shared<FakeDevice>()), &recorder);
  pipeline.Start();
  const auto is_told = [](const Recorder::Seen& seen) {
    return !seen.failed.empty() || seen.Reached(SourceState::kLost) ||
           seen.Reached(SourceState::kEnded);
  };
  EXPECT_TRUE(recorder.WaitFor(is_told));
  pipeline.Stop();
  const Recorder::Seen seen = recorder.Copy();
  if (!seen.failed.empty()) return seen.failed.front();
  for (const auto& [state, status] : seen.source) {
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

void ExpectMissing(const Status& status, const std::string& element, const std::string& package) {
  EXPECT_EQ(status.code, ErrorCode::kNativeLoad) << status.message;
  EXPECT_NE(status.message.find("the GStreamer element " + element + " but it is not installed"),
            std::string::npos)
      << status.message;
  EXPECT_NE(status.message.find("the package " + package + " brings it"), std::string::npos)
      << status.message;
}

TEST(Elements, AFileWhoseDemuxerIsNotInstalledIsToldByItsElementAndPackage) {
  EnsureGstInit();
  struct Case {
    const char* extension;
    const char* element;
    const char* package;
  };
  for (const Case& each : {Case{".mp4", "qtdemux", "gstreamer1.0-plugins-good"},
                           Case{".mkv", "matroskademux", "gstreamer1.0-plugins-good"},
                           Case{".ts", "tsdemux", "gstreamer1.0-plugins-bad"},
                           Case{".avi", "avidemux", "gstreamer1.0-plugins-good"},
                           Case{".flv", "flvdemux", "gstreamer1.0-plugins-good"},
                           Case{".mpg", "mpegpsdemux", "gstreamer1.0-plugins-bad"}}) {
    SCOPED_TRACE(each.element);
    const TempFile film(each.extension);
    const std::string make =
        "ffmpeg -v error -y -f lavfi -i testsrc=size=64x48:rate=25:duration=1 "
        "-pix_fmt yuv420p " +
        film.path();
    ASSERT_EQ(std::system(make.c_str()), 0);
    const NotInstalled without(each.element);
    ASSERT_TRUE(without.was_there());
    ExpectMissing(FailureOf(film.path()), each.element, each.package);
  }
}

TEST(Elements, AnyOtherThatIsNotInstalledIsToldInTheSameWords) {
  EnsureGstInit();
  const TempFile film(".mp4");
  MakeVideo(film.path(), 10, false);
  struct Case {
    const char* uri;
    const char* element;
    const char* package;
  };
  for (const Case& each :
       {Case{nullptr, "parsebin", "gstreamer1.0-plugins-base"},
        Case{nullptr, "h264parse", "gstreamer1.0-plugins-bad"},
        Case{nullptr, "capsfilter", "libgstreamer1.0-0"},
        Case{"rtsp://127.0.0.1:9/x", "rtspsrc", "gstreamer1.0-plugins-good"},
        Case{"rtsp://127.0.0.1:9/x", "rtph264depay", "gstreamer1.0-plugins-good"},
        Case{"rtsp://127.0.0.1:9/x", "rtpbin", "gstreamer1.0-plugins-good"},
        Case{"test://ball", "videotestsrc", "gstreamer1.0-plugins-base"},
        Case{"v4l2:///dev/video0", "v4l2src", "gstreamer1.0-plugins-good"}}) {
    SCOPED_TRACE(each.element);
    const NotInstalled without(each.element);
    ASSERT_TRUE(without.was_there());
    ExpectMissing(FailureOf(each.uri == nullptr ? film.path() : each.uri), each.element,
                  each.package);
  }
}

TEST(Elements, ThoseOfTheCodecTableHaveTheirPackages) {
  // Only the plugins in Rust have it, which Debian 12 does not.
  const std::string nowhere = "rtpav1depay";
  for (const CodecRow& codec : CodecTable()) {
    EXPECT_NE(PackageOf(codec.parser), "") << codec.parser;
    if (codec.depayloader == nowhere) continue;
    EXPECT_NE(PackageOf(codec.depayloader), "") << codec.depayloader;
  }
  for (const char* element : kAlwaysAsked) EXPECT_NE(PackageOf(element), "") << element;
  EXPECT_EQ(PackageOf(nowhere), "");
  EXPECT_EQ(MissingElement(nowhere).message,
            "Expected the GStreamer element rtpav1depay but it is not installed");
}

/// The package that owns a file by dpkg's own list; empty where nobody tells.
std::string OwnerOf(const std::string& path) {
  std::string owner;
  for (const char* root : {"", "/usr"}) {
    const std::string ask = "dpkg-query -S " + (root + path) + " 2>/dev/null";
    FILE* const pipe = popen(ask.c_str(), "r");
    if (pipe == nullptr) continue;
    std::array<char, 256> line{};
    if (std::fgets(line.data(), line.size(), pipe) != nullptr) owner = line.data();
    pclose(pipe);
    if (!owner.empty()) break;
  }
  return owner.substr(0, owner.find(':'));
}

TEST(Elements, OfThoseThatAreInstalledThePackageIsWhatDpkgSays) {
  EnsureGstInit();
  int asked = 0;
  for (const char* element :
       {"identity", "parsebin",       "capsfilter", "oggdemux",  "rtspsrc",       "rtpbin",
        "udpsrc",   "rtph264depay",   "v4l2src",    "qtdemux",   "matroskademux", "avidemux",
        "flvdemux", "multipartdemux", "h264parse",  "jpegparse", "tsdemux",       "mpegpsdemux",
        "mxfdemux", "ivfparse",       "asfdemux",   "rmdemux"}) {
    const GstPtr<GstElementFactory> factory(gst_element_factory_find(element));
    if (factory == nullptr) continue;
    GstPlugin* const plugin = gst_plugin_feature_get_plugin(GST_PLUGIN_FEATURE(factory.get()));
    const std::string owner = OwnerOf(gst_plugin_get_filename(plugin));
    gst_object_unref(plugin);
    if (owner.empty()) continue;
    ++asked;
    EXPECT_EQ(PackageOf(element), owner) << element;
  }
  if (asked == 0) GTEST_SKIP() << "dpkg knows none of them here";
  EXPECT_GT(asked, 10);
}

TEST(Elements, TheDemuxerOfAContainerTakesItAndPicturesAreNone) {
  EnsureGstInit();
  int asked = 0;
  for (const char* text :
       {"video/quicktime", "application/x-3gp", "video/mj2", "audio/x-m4a", "video/x-matroska",
        "video/webm", "video/x-msvideo", "video/x-flv", "multipart/x-mixed-replace",
        "video/mpegts,systemstream=(boolean)true", "application/mxf", "video/x-ivf",
        "video/mpeg,systemstream=(boolean)true,mpegversion=(int)2", "application/ogg",
        "video/x-ms-asf", "application/vnd.rn-realmedia"}) {
    const GstPtr<GstCaps> caps(gst_caps_from_string(text));
    const std::string demuxer = DemuxerOf(caps.get());
    ASSERT_NE(demuxer, "") << text;
    const GstPtr<GstElementFactory> factory(gst_element_factory_find(demuxer.c_str()));
    if (factory == nullptr) continue;
    ++asked;
    EXPECT_TRUE(gst_element_factory_can_sink_any_caps(factory.get(), caps.get()))
        << demuxer << " of " << text;
  }
  EXPECT_GT(asked, 10);
  for (const char* text :
       {"video/x-h264", "image/jpeg", "video/mpeg,systemstream=(boolean)false,mpegversion=(int)4",
        "audio/x-raw", "ANY", "EMPTY"}) {
    const GstPtr<GstCaps> caps(gst_caps_from_string(text));
    EXPECT_EQ(DemuxerOf(caps.get()), "") << text;
  }
}

}  // namespace
}  // namespace jetfleet
