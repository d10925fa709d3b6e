// tracing STREAMS: prints what it costs to know where time goes, of a frame: the times of each of
// its stages, the meters that they go to, and its share of the statistics that are told of them
// each second at 30 frames a second and stream. Caches are emptied before each frame, as inference
// does.
#include <ctime>
#include <deque>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "core/json/results.h"
#include "core/pipeline_stats.h"
#include "core/trace.h"

namespace {

using namespace jetfleet;

constexpr int kSeconds = 5;
constexpr int kFramesPerSecond = 30;
/// More than the second level of any processor here.
constexpr std::size_t kCacheBytes = std::size_t{8} * 1024 * 1024;
const char* const kStages[] = {"decode", "preprocess", "inference", "track", "publish"};

double CpuMicros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Stream {
  std::deque<StageMeter> meters{std::size(kStages)};
  OutputMeter output;
};

void Trace(Stream* stream, Frame* frame) {
  frame->trace = FrameTrace(Clock::now());
  for (std::size_t i = 0; i < std::size(kStages); ++i) {
    const auto id = static_cast<StageId>(i);
    const TimePoint start = Clock::now();
    frame->trace.Record(id, start, Clock::now());
    stream->meters[i].Add(frame->trace.WaitMs(id), frame->trace.WorkMs(id));
  }
  stream->output.Add(*frame);
}

/// As a pipeline sums its sources up.
std::size_t Tell(std::vector<Stream>* streams) {
  PipelineReport report;
  report.figures.sources.resize(streams->size());
  std::deque<StageMeter> sums(std::size(kStages));
  OutputMeter all;
  for (std::size_t s = 0; s < streams->size(); ++s) {
    Stream& stream = (*streams)[s];
    report.figures.sources[s].name = "stream-" + std::to_string(s);
    for (std::size_t i = 0; i < std::size(kStages); ++i) {
      report.figures.stages.push_back(
          {kStages[i], static_cast<std::uint32_t>(s), stream.meters[i].Take(&sums[i]), {}, "cpu"});
    }
    report.outputs.push_back(stream.output.Take(Clock::now(), &all));
  }
  for (std::size_t i = 0; i < std::size(kStages); ++i) {
    report.figures.sums.push_back({kStages[i], 0, sums[i].Take(), {}, "cpu"});
  }
  static_cast<OutputFigures&>(report) = all.Take(Clock::now());
  JsonText json;
  WriteStats(report, "bench", {}, &json);
  return json.size();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Stream> streams(argc == 2 ? std::stoul(argv[1]) : 1);
  std::vector<unsigned char> cache(kCacheBytes);
  double micros = 0;
  int frames = 0;
  std::size_t told = 0;
  for (int second = 0; second < kSeconds; ++second) {
    for (int i = 0; i < kFramesPerSecond; ++i) {
      for (Stream& stream : streams) {
        Frame frame;
        for (std::size_t at = 0; at < cache.size(); at += 64) ++cache[at];
        const double before = CpuMicros();
        Trace(&stream, &frame);
        micros += CpuMicros() - before;
        ++frames;
      }
    }
    const double before = CpuMicros();
    told += Tell(&streams);
    micros += CpuMicros() - before;
  }
  std::cout << "{\"microsPerFrame\":" << micros / frames
            << ",\"statisticsBytes\":" << told / kSeconds << "}\n";
}
