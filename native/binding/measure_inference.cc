#include <ctime>
#include <memory>
#include <vector>

#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "core/detect/detector.h"
#include "core/trace.h"

namespace jetfleet {
namespace {

constexpr double kMaxRuns = 1e6;
constexpr float kGrey = 114;

struct Times {
  std::vector<double> wall_ms;
  double cpu_ms = 0;
};

double ProcessCpuMs() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

Status Measure(const ModelOptions& options, int runs, Times* times) {
  std::unique_ptr<Detector> detector;
  Status status = Detector::Load(options.detector, &detector);
  if (!status.ok()) return status;
  const Size input = detector->input();
  Tensor tensor(static_cast<std::size_t>(input.width) * input.height * 3, kGrey);
  const Letterbox letterbox = Letterbox::Fit(input, input);
  std::vector<Detection> found;
  // The first run allocates; it is not counted.
  status = detector->Run(&tensor, letterbox, options.min_score, &found);
  const double cpu_before = ProcessCpuMs();
  for (int i = 0; i < runs && status.ok(); ++i) {
    const TimePoint start = Clock::now();
    status = detector->Run(&tensor, letterbox, options.min_score, &found);
    times->wall_ms.push_back(FrameTrace::Ms(Clock::now() - start));
  }
  times->cpu_ms = ProcessCpuMs() - cpu_before;
  return status;
}

}  // namespace

Napi::Value MeasureInference(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  OptionReader reader(info[0], "model");
  const ModelOptions options = ReadModelOptions(&reader);
  if (!reader.error().empty()) return Rejected(env, Napi::TypeError::New(env, reader.error()));
  const double runs = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : 0;
  if (!(runs >= 1 && runs <= kMaxRuns)) {
    return Rejected(env, Napi::TypeError::New(env, "Expected a number of runs from 1"));
  }

  const auto times = std::make_shared<Times>();
  return Job::Run(
      env, "jetfleet-measure",
      [options, runs, times] { return Measure(options, static_cast<int>(runs), times.get()); },
      [times](Napi::Env settle_env) {
        auto wall = Napi::Array::New(settle_env, times->wall_ms.size());
        for (std::size_t i = 0; i < times->wall_ms.size(); ++i) {
          wall.Set(static_cast<std::uint32_t>(i), times->wall_ms[i]);
        }
        auto result = Napi::Object::New(settle_env);
        result.Set("wallMs", wall);
        result.Set("cpuMs", times->cpu_ms);
        return result;
      });
}

}  // namespace jetfleet
