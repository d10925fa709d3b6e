#include <gst/gst.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstring>

#include "core/pipeline.h"
#include "world.h"

// What is said of copies, beside what GStreamer itself says of its work.

namespace jetfleet {
namespace {

constexpr int kFrames = 20;
constexpr std::size_t kPictureBytes = 64 * 48 * 3 / 2;

/// Counts copies of whole pictures that GStreamer's performance log tells while it lives.
class GstCopies {
 public:
  GstCopies() {
    gst_debug_set_active(TRUE);
    gst_debug_set_threshold_for_name("GST_PERFORMANCE", GST_LEVEL_TRACE);
    gst_debug_add_log_function(Count, this, nullptr);
  }
  ~GstCopies() {
    gst_debug_remove_log_function_by_data(this);
    gst_debug_unset_threshold_for_name("GST_PERFORMANCE");
  }
  GstCopies(const GstCopies&) = delete;
  GstCopies& operator=(const GstCopies&) = delete;

  int pictures() const { return pictures_; }
  /// Of whatever: shows that it is heard.
  int lines() const { return lines_; }

 private:
  static void Count(GstDebugCategory* category, GstDebugLevel, const gchar*, const gchar*, gint,
                    GObject*, GstDebugMessage* message, gpointer self) {
    if (std::strcmp(gst_debug_category_get_name(category), "GST_PERFORMANCE") != 0) return;
    auto* const log = static_cast<GstCopies*>(self);
    ++log->lines_;
    const char* const text = gst_debug_message_get(message);
    unsigned long bytes = 0;
    const bool of_memory = std::sscanf(text, "memcpy %lu memory", &bytes) == 1;
    const bool of_plane = std::strncmp(text, "copy plane 0", 12) == 0;
    if ((of_memory && bytes >= kPictureBytes) || of_plane) ++log->pictures_;
  }

  std::atomic<int> pictures_{0};
  std::atomic<int> lines_{0};
};

struct Copies {
  double counted_per_frame = 0;
  int by_gstreamer = 0;
  int lines = 0;
};

Copies CopiesOf(const std::string& video) {
  PipelineOptions options;
  options.sources.resize(1);
  options.sources[0].name = "door";
  options.sources[0].options.uri = "file://" + video;
  options.stats_interval = std::chrono::seconds(30);  // one report, at the end
  Recorder recorder;
  const GstCopies log;
  Pipeline pipeline(options, FakeModel(), &recorder);
  pipeline.Start();
  EXPECT_TRUE(recorder.WaitFor(
      [](const Recorder::Seen& seen) { return seen.Reached(SourceState::kEnded); }));
  pipeline.Stop();
  return {recorder.Copy().stats.at(0).copies_per_frame, log.pictures(), log.lines()};
}

TEST(Copies, AreNoneByOurCountAndByGStreamers) {
  const TempFile video(".mp4");
  MakeVideo(video.path(), kFrames, false);
  const Copies copies = CopiesOf(video.path());
  EXPECT_GE(copies.lines, kFrames);
  EXPECT_EQ(copies.counted_per_frame, 0);
  EXPECT_EQ(copies.by_gstreamer, 0);
}

TEST(Copies, AreOneOfAPictureThatMustBeConvertedAndNoneOfGStreamers) {
  const TempFile video(".mp4");
  MakeVideo(video.path(), kFrames, false, "Y444");
  const Copies copies = CopiesOf(video.path());
  EXPECT_GE(copies.lines, kFrames);
  EXPECT_EQ(copies.counted_per_frame, 1);
  EXPECT_EQ(copies.by_gstreamer, 0);
}

TEST(Copies, AreSeenInGStreamersLogWhereItCopies) {
  const GstCopies log;
  EnsureGstInit();
  GError* error = nullptr;
  // `gamma` writes into pictures, and gets copies of those that a tee shares.
  const GstPtr<GstElement> pipeline(gst_parse_launch(
      "videotestsrc num-buffers=5 ! video/x-raw,format=I420,width=64,height=48 ! tee name=t "
      "t. ! queue ! gamma gamma=2 ! fakesink async=false sync=false t. ! queue ! fakesink "
      "async=false sync=false",
      &error));
  ASSERT_EQ(error, nullptr);
  PlayToEnd(pipeline.get());
  EXPECT_GT(log.pictures(), 0);
}

}  // namespace
}  // namespace jetfleet
