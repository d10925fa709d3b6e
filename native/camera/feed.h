// What the camera shows, pushed at real-time pace into the appsrc of a running stream.
#pragma once

#include <gst/app/gstappsrc.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "clip.h"
#include "options.h"
#include "scene.h"

namespace jetfleet::camera {

using Clock = std::chrono::steady_clock;

/// The camera's shutter: frame N is taken N / fps seconds after the camera was switched on, watched
/// or not.
class Shutter {
 public:
  explicit Shutter(int fps) : fps_(fps), start_(Clock::now()) {}
  int fps() const { return fps_; }
  Clock::time_point At(uint64_t frame) const;
  /// The first frame that is not yet due.
  uint64_t Next() const;
  /// Microseconds since the Unix epoch.
  uint64_t CapturedAtUs(uint64_t frame) const;

 private:
  int fps_;
  Clock::time_point start_;
};

/// One thread that feeds one appsrc from its first need for data until stopped.
class Feed {
 public:
  virtual ~Feed();
  void Start(GstElement* appsrc);
  /// Returns once the thread has ended. May be called twice.
  void Stop();

  /// Name of the launch description's part before the payloader.
  virtual const char* Launch() const = 0;
  virtual void Configure(GstElement* bin) = 0;

 protected:
  virtual void Run() = 0;
  /// Sleeps until the moment; false when stopped meanwhile.
  bool WaitUntil(Clock::time_point moment);
  /// Running time of the stream at a moment.
  GstClockTime RunningTime(Clock::time_point moment) const;
  /// Takes the buffer; false when the stream is going down.
  bool Push(GstBuffer* buffer);

  GstElement* appsrc_ = nullptr;

 private:
  void Main();
  static void OnNeedData(GstAppSrc*, guint, gpointer self);

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool wanted_ = false, stopping_ = false;
};

/// The scene, drawn and encoded. `scene` and `shutter` outlive the feed; one feed at a time draws.
class SceneFeed : public Feed {
 public:
  SceneFeed(const Options& options, const Shutter& shutter, scene::Scene& scene,
            std::mutex& drawing);
  ~SceneFeed() override { Stop(); }
  const char* Launch() const override { return launch_.c_str(); }
  void Configure(GstElement* bin) override;

 protected:
  void Run() override;

 private:
  GstBuffer* Draw(uint64_t frame);
  static GstPadProbeReturn OnCoded(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  const Options& options_;
  const Shutter& shutter_;
  scene::Scene& scene_;
  std::mutex& drawing_;
  std::string launch_;
  uint64_t first_frame_ = 0;
  GstClockTime first_time_ = 0;
};

/// A file's coded pictures as they are; its first frame is shown when the first client has come.
class ClipFeed : public Feed {
 public:
  ClipFeed(const Clip& clip, bool loop) : clip_(clip), loop_(loop) {}
  ~ClipFeed() override { Stop(); }
  const char* Launch() const override;
  void Configure(GstElement* bin) override;

 protected:
  void Run() override;

 private:
  bool PushOnce(uint64_t round, Clock::time_point start, GstClockTime start_time);

  const Clip& clip_;
  bool loop_;
};

}  // namespace jetfleet::camera
