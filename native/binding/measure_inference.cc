#include <ctime>
#include <memory>
#include <vector>

#include "binding/functions.h"
#include "binding/jobs.h"
#include "binding/options.h"
#include "core/infer/model_program.h"
#include "core/infer/real_pictures.h"
#include "core/prepare/host_preparer.h"
#include "core/trace.h"

namespace jetfleet {
namespace {

constexpr double kMaxRuns = 1e6;

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
  std::shared_ptr<ModelProgram> model;
  Status status = ModelProgram::Load(options, &model);
  RunTensors tensors;
  if (status.ok())
    status =
        model->Borrow(model->BatchFor(1), ModelProgram::FilledBy::kHost, std::nullopt, &tensors);
  if (!status.ok()) return status;
  const OutputDecoder& decoder = model->decoder();
  const Placement placement =
      HostPreparer().Run(RealPicture(0), decoder.preprocess(), tensors.input.Slot(0));
  std::vector<Detection> found;
  const auto run = [&] {
    const Status ran = model->RunOnce(tensors);
    if (ran.ok()) decoder.Decode(tensors.outputs, 0, placement, options.min_score, &found);
    return ran;
  };
  // The first run allocates; it is not counted.
  status = run();
  const double cpu_before = ProcessCpuMs();
  for (int i = 0; i < runs && status.ok(); ++i) {
    const TimePoint start = Clock::now();
    status = run();
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
