// What a pipeline tells of its times, held against pictures that carry the moment they were taken
// in themselves, and against delays that were put into it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>

#include "core/pipeline.h"
#include "slow_decoder.h"
#include "world.h"

namespace jetfleet {
namespace {

using std::chrono::milliseconds;
using Seen = Recorder::Seen;

/// A timecode: 32 squares of one macroblock in two rows, black for 0 and white for 1. Of its bits,
/// 24 are tenths of milliseconds since 1970, the others their sum.
constexpr int kSide = 16;
constexpr int kColumns = 16;
constexpr std::uint32_t kTimeMask = 0xFFFFFF;

std::uint32_t TenthsNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  return static_cast<std::uint32_t>(us / 100) & kTimeMask;
}

std::uint32_t CheckOf(std::uint32_t time) { return (time + (time >> 8U) + (time >> 16U)) & 0xFFU; }

void Burn(std::uint8_t* luma, int stride) {
  const std::uint32_t time = TenthsNow();
  const std::uint32_t code = time << 8U | CheckOf(time);
  for (int bit = 0; bit < 2 * kColumns; ++bit) {
    const std::uint8_t shade = (code >> bit & 1U) != 0 ? 235 : 16;
    std::uint8_t* const square = luma +
                                 static_cast<std::ptrdiff_t>(bit / kColumns) * kSide * stride +
                                 static_cast<std::ptrdiff_t>(bit % kColumns) * kSide;
    for (int y = 0; y < kSide; ++y) std::fill_n(square + y * stride, kSide, shade);
  }
}

/// Milliseconds since the picture was taken; nothing where no timecode can be read.
std::optional<double> AgeOf(const SurfaceView& view) {
  std::uint32_t code = 0;
  for (int bit = 0; bit < 2 * kColumns; ++bit) {
    const int x = bit % kColumns * kSide + kSide / 2;
    const int y = bit / kColumns * kSide + kSide / 2;
    if (view.planes[0][y * view.strides[0] + x] > 127) code |= 1U << bit;
  }
  const std::uint32_t time = code >> 8U;
  if ((code & 0xFFU) != CheckOf(time)) return std::nullopt;
  return ((TenthsNow() - time) & kTimeMask) / 10.0;
}

/// Where results go, and pictures with them: reads each picture's age and what its trace says of
/// it.
class TimecodeSink final : public Sink {
 public:
  struct Pair {
    double read_ms;
    double told_ms;
  };
  bool needs_surface() const override { return true; }
  void Consume(FramePtr frame) override {
    SurfaceView view;
    if (frame->end_of_stream || !frame->picture->MapToHost(&view).ok()) return;
    const std::optional<double> age = AgeOf(view);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!age) ++unreadable_;
    if (!age || !frame->result.way_ms) return;
    pairs_.push_back({*age, *frame->result.way_ms + frame->trace.TotalMs()});
  }
  std::vector<Pair> pairs() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return pairs_;
  }
  int unreadable() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return unreadable_;
  }

 private:
  std::mutex mutex_;
  std::vector<Pair> pairs_;
  int unreadable_ = 0;
};

/// `coded`: elements between the encoder and the network.
TestCamera::Options Timed(const std::string& coded = "") {
  TestCamera::Options options;
  options.launch =
      "videotestsrc is-live=true pattern=black ! "
      "video/x-raw,width=320,height=192,framerate=20/1,format=I420 ! identity name=draw ! "
      "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=20 bitrate=4000 ! "
      "video/x-h264,stream-format=byte-stream,alignment=au ! identity name=tag ! " +
      coded + "rtph264pay name=pay0 pt=96";
  options.draw = Burn;
  return options;
}

PipelineOptions OptionsFor(const std::string& uri) {
  PipelineOptions options;
  options.sources.resize(1);
  options.sources[0].name = "door";
  options.sources[0].options.uri = uri;
  options.sources[0].options.timeout = milliseconds(5000);
  options.stats_interval = milliseconds(500);
  options.batch = milliseconds(0);
  return options;
}

double At(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values.at(static_cast<std::size_t>(share * static_cast<double>(values.size() - 1)));
}

TEST(Latency, IsWhatATimecodeInThePictureSaysWhereItEnds) {
  TestCamera camera(Timed());
  camera.Start();
  TimecodeSink sink;
  PipelineOptions options = OptionsFor(camera.Uri());
  options.sinks = {&sink};
  Recorder recorder;
  Pipeline pipeline(options, FakeModel(milliseconds(15)), &recorder);
  pipeline.Start();
  ASSERT_TRUE(recorder.WaitFor([&](const Seen&) { return sink.pairs().size() >= 100; },
                               std::chrono::seconds(60)));
  pipeline.Stop();

  EXPECT_EQ(sink.unreadable(), 0);
  std::vector<double> apart;
  std::vector<double> read;
  for (const TimecodeSink::Pair& pair : sink.pairs()) {
    apart.push_back(std::abs(pair.read_ms - pair.told_ms));
    read.push_back(pair.read_ms);
  }
  std::printf("read p50 %.1f p95 %.1f ms, told differs by p50 %.2f p95 %.2f most %.2f ms\n",
              At(read, 0.5), At(read, 0.95), At(apart, 0.5), At(apart, 0.95), At(apart, 1));
  EXPECT_GT(At(read, 0.5), 15) << "inference alone takes that";
  EXPECT_LE(At(apart, 0.95), 5);
}

/// A listener that takes its time for each batch.
class SlowListener final : public PipelineListener {
 public:
  SlowListener(Recorder* recorder, milliseconds pause) : recorder_(recorder), pause_(pause) {}
  void OnFrames(std::vector<FrameResult> frames) override {
    std::this_thread::sleep_for(pause_);
    recorder_->OnFrames(std::move(frames));
  }
  void OnStats(PipelineReport report) override { recorder_->OnStats(std::move(report)); }
  void OnSource(const std::string& source, SourceState state, const Status& status) override {
    recorder_->OnSource(source, state, status);
  }
  void OnFailed(const Status& status) override { recorder_->OnFailed(status); }

 private:
  Recorder* const recorder_;
  const milliseconds pause_;
};

/// A delay in one place of all.
struct Delays {
  std::string coded;
  milliseconds decode{0};
  milliseconds preprocess{0};
  milliseconds detect{0};
  milliseconds publish{0};
};

/// Medians over some seconds, in milliseconds: "way", "total", and "STAGE work" and "STAGE wait";
/// and "read", the pictures' age by their timecodes in front of the stage that publishes.
std::map<std::string, double> TimesWith(const Delays& delays) {
  TestCamera camera(Timed(delays.coded));
  camera.Start();
  const SlowDecoder decoder(delays.decode);
  const auto device = std::make_shared<FakeDevice>();
  device->prepares = true;
  device->look_at = [&](const JfSurface&) { std::this_thread::sleep_for(delays.preprocess); };
  device->delay = milliseconds(5) + delays.detect;
  Recorder recorder;
  SlowListener listener(&recorder, delays.publish);
  TimecodeSink sink;
  PipelineOptions options = OptionsFor(camera.Uri());
  options.sinks = {&sink};
  Pipeline pipeline(options, FakeModelOn(device), &listener);
  pipeline.Start();
  constexpr std::size_t kFirst = 1;
  constexpr std::size_t kReports = 5;
  const auto told = [](const Seen& seen) {
    std::vector<PipelineReport> reports;
    for (const PipelineReport& report : seen.stats) {
      if (report.latency_from_capture) reports.push_back(report);
    }
    return reports;
  };
  EXPECT_TRUE(
      recorder.WaitFor([&](const Seen& seen) { return told(seen).size() >= kFirst + kReports; },
                       std::chrono::seconds(60)));
  pipeline.Stop();
  std::map<std::string, std::vector<double>> samples;
  const auto reports = told(recorder.Copy());
  for (std::size_t i = kFirst; i < reports.size(); ++i) {
    double inside = 0;
    for (const StageReport& stage : reports[i].figures.stages) {
      const double work = stage.figures.work_ms ? stage.figures.work_ms->p50 : 0;
      const double wait = stage.figures.wait_ms ? stage.figures.wait_ms->p50 : 0;
      samples[stage.name + " work"].push_back(work);
      samples[stage.name + " wait"].push_back(wait);
      inside += work + wait;
    }
    samples["total"].push_back(reports[i].latency_ms->p50);
    samples["way"].push_back(reports[i].latency_ms->p50 - inside);
  }
  for (const TimecodeSink::Pair& pair : sink.pairs()) samples["read"].push_back(pair.read_ms);
  std::map<std::string, double> medians;
  for (const auto& [name, values] : samples) medians[name] = At(values, 0.5);
  return medians;
}

TEST(Latency, ShowsADelayInTheStageThatHasItAndInNoOther) {
  constexpr milliseconds kDelay{20};
  constexpr double kTolerance = 2;
  const auto without = TimesWith({});
  std::map<std::string, Delays> cases;
  // Two pictures wait in the camera. Its server holds each until the next one is due, so that not
  // all of it is seen, and how much the timecode tells.
  cases["way"].coded = "queue min-threshold-buffers=3 max-size-bytes=0 max-size-time=0 ! ";
  cases["decode work"].decode = kDelay;
  cases["preprocess work"].preprocess = kDelay;
  cases["detect work"].detect = kDelay;
  cases["publish work"].publish = kDelay;
  for (const auto& [place, delays] : cases) {
    SCOPED_TRACE(place);
    auto more = TimesWith(delays);
    std::string line;
    for (auto& [name, ms] : more) {
      ms -= without.at(name);
      line += " " + name + " " + std::to_string(ms).substr(0, 5) + ",";
    }
    std::printf("more with a delay in %s:%s\n", place.c_str(), line.c_str());
    // What the way took longer, a busy camera's part included: that, too, is read in the pictures.
    const double inside = place == "way" || place == "publish work" ? 0 : 20;
    const double way = more.at("read") - inside;
    if (place == "way") {
      EXPECT_GE(way, 20);
    }
    for (const auto& [name, ms] : more) {
      double expected = name == place ? 20 : 0;
      if (name == "way") expected = way;
      if (name == "total") expected = way + (place == "way" ? 0 : 20);
      if (name != "read") {
        EXPECT_NEAR(ms, expected, kTolerance) << name;
      }
    }
  }
}

}  // namespace
}  // namespace jetfleet
