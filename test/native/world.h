#pragma once

#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/pipeline_stats.h"
#include "fake_backend.h"

/// What the pipeline meets in tests: videos and cameras made on the spot, a model that always says
/// the same.
namespace jetfleet {

/// A file in a temporary folder, gone with the object.
class TempFile {
 public:
  explicit TempFile(const std::string& extension);
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
};

/// Plays a pipeline until its end, which must come within 20 s.
void PlayToEnd(GstElement* pipeline);

/// 64 × 48 pixels, 25 frames per second, B-frames, each frame tagged with its number from 0 if
/// asked for.
void MakeVideo(const std::string& path, int frames, bool tagged,
               const std::string& format = "I420");

/// A live camera in this process. Stopping it breaks all connections; starting it again keeps the
/// port.
class TestCamera {
 public:
  struct Options {
    std::string user;
    std::string password;
    /// gst-launch text up to the payloader `pay0`.
    std::string launch =
        "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=25/1,format=I420 ! "
        "x264enc "
        "tune=zerolatency key-int-max=10 ! rtph264pay name=pay0 pt=96";
    /// Writes into each I420 picture that leaves the element called "draw" of `launch`. The moment
    /// becomes the capture time of the coded picture that leaves "tag", one for each.
    std::function<void(std::uint8_t* luma, int width)> draw;
  };
  explicit TestCamera(const Options& options);
  ~TestCamera();
  TestCamera(const TestCamera&) = delete;
  TestCamera& operator=(const TestCamera&) = delete;

  void Start();
  void Stop();
  /// With credentials, when given.
  std::string Uri(const std::string& credentials = "") const;

 private:
  static GstPadProbeReturn OnTaken(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnCoded(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static void OnConfigured(GstRTSPMediaFactory* factory, GstRTSPMedia* media, gpointer self);

  const Options options_;
  std::mutex mutex_;
  /// Of pictures that are being coded, microseconds since 1970.
  std::deque<std::uint64_t> taken_us_;
  std::uint64_t coded_ = 0;
  std::string port_ = "0";
  GMainContext* context_ = nullptr;
  GMainLoop* loop_ = nullptr;
  GstRTSPServer* server_ = nullptr;
  std::thread thread_;
};

/// Remembers everything; tests wait for a condition on it.
class Recorder final : public PipelineListener {
 public:
  void OnFrames(std::vector<FrameResult> frames) override;
  void OnStats(PipelineReport report) override;
  void OnSource(const std::string& source, SourceState state, const Status& status) override;
  void OnFailed(const Status& status) override;
  void OnAnalytics(const std::vector<AnalyticsEvent>& events) override;

  struct Seen {
    std::vector<FrameResult> frames;
    /// Frames of each call.
    std::vector<std::size_t> batches;
    std::vector<PipelineReport> stats;
    std::vector<std::pair<SourceState, Status>> source;
    /// The names to `source`.
    std::vector<std::string> names;
    std::vector<Status> failed;
    std::vector<AnalyticsEvent> events;

    bool Reached(SourceState state) const;
    int Count(SourceState state) const;
  };
  /// False when the condition does not come true in time.
  bool WaitFor(const std::function<bool(const Seen&)>& condition,
               std::chrono::seconds limit = std::chrono::seconds(20));
  Seen Copy();

 private:
  template <typename Change>
  void Note(Change change);

  std::mutex mutex_;
  std::condition_variable changed_;
  Seen seen_;
};

}  // namespace jetfleet
