#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "score.h"
#include "steps.h"
#include "street.h"
#include "worker.h"

namespace jetfleet::bench {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Pictures in the GPU's memory, as a board's decoder leaves them there.
class OnGpu {
 public:
  explicit OnGpu(const std::vector<StreetFrame>& frames) {
    const cuda::Stream stream = cuda::MakeStream();
    const cuda::Driver& driver = cuda::TheDriver();
    for (const StreetFrame& frame : frames) {
      memory_.push_back(cuda::Allocate(kStreetBytes));
      driver.Check(
          driver.to_device(memory_.back().get(), frame.nv12.data(), kStreetBytes, stream.get()),
          "bringing a frame to the GPU");
    }
    cuda::Synchronize(stream);
  }
  /// `count` of them from `first` on, in a circle.
  std::vector<Nv12> Some(std::uint64_t first, int count) const {
    std::vector<Nv12> some;
    for (int i = 0; i < count; ++i) {
      const auto& memory = memory_[(first + static_cast<std::uint64_t>(i)) % memory_.size()];
      some.push_back({reinterpret_cast<const void*>(memory.get()), JF_CUDA});
    }
    return some;
  }

 private:
  std::vector<cuda::DeviceMemory> memory_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Ignore(std::uint64_t, const std::vector<Detection>&) {}

/// Bytes a frame that the backend counts while `push` is done a hundred times.
template <typename Push>
Figures TransfersOf(Worker* worker, int batch, Push push) {
  constexpr std::uint64_t kBatches = 100;
  const JfTransfers before = worker->transfers();
  for (std::uint64_t i = 0; i < kBatches; ++i) push(i);
  worker->Drain(Ignore);
  const JfTransfers after = worker->transfers();
  const auto per_frame = [&](std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(to - from) / static_cast<double>(kBatches) / batch;
  };
  return Figures()
      .Add("toDevice", per_frame(before.to_device_bytes, after.to_device_bytes))
      .Add("toHost", per_frame(before.to_host_bytes, after.to_host_bytes))
      .Add("withinDevice", per_frame(before.within_device_bytes, after.within_device_bytes));
}

/// Batches a second of `push` over `seconds`, after a warm-up.
template <typename Push>
double Rate(Worker* worker, double seconds, Push push) {
  std::uint64_t batch = 0;
  const auto run = [&](double for_s) {
    const auto start = Clock::now();
    const std::uint64_t before = batch;
    while (SecondsSince(start) < for_s) push(batch++);
    worker->Drain(Ignore);
    return static_cast<double>(batch - before) / SecondsSince(start);
  };
  run(seconds / 4);
  return run(seconds);
}

}  // namespace

/// mAP@0.5:0.95 of engines of one model on the same `frames` frames of unseen streets, with 95 %
/// intervals by bootstrap, and of the difference to the first engine.
Figures MapStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const auto start = Clock::now();
  const auto frames = DrawStreets(arguments.Number("frames", 2000), 50, 1);
  const double drawing_s = SecondsSince(start);
  const int rounds = arguments.Number("rounds", 200);
  // Low, so that curves are whole.
  constexpr float kMinScore = 0.02F;
  std::unique_ptr<Scorer> base;
  std::string rows;
  for (const std::string& path : Split(arguments.Get("engines"))) {
    const Engine engine(backend, path);
    Worker worker(engine, true, kMinScore);
    auto scorer = std::make_unique<Scorer>(engine.outputs()[0].max[2] - 5, kStreetHeight);
    const Worker::Out out = [&](std::uint64_t frame, const std::vector<Detection>& found) {
      scorer->Add(found, frames[frame].truth);
    };
    for (std::size_t i = 0; i < frames.size(); i += static_cast<std::size_t>(engine.batch())) {
      std::vector<Nv12> pictures;
      for (std::size_t j = i;
           j < frames.size() && pictures.size() < static_cast<std::size_t>(engine.batch()); ++j) {
        pictures.push_back({frames[j].nv12.data(), JF_HOST});
      }
      worker.Push(pictures, i, out);
    }
    worker.Drain(out);
    const Interval interval = BootstrapMap(*scorer, rounds);
    Figures row;
    row.Add("engine", path)
        .Add("frames", static_cast<double>(scorer->frames()))
        .Add("objects", static_cast<double>(scorer->objects()))
        .Add("map", scorer->Map())
        .Add("mapLow", interval.low)
        .Add("mapHigh", interval.high)
        .Add("map50", scorer->Map50())
        .Add("candidatesDropped", static_cast<double>(worker.dropped()))
        .Raw("edgesOff", scorer->EdgesOff().Text());
    if (base != nullptr) {
      const Interval difference = BootstrapDifference(*scorer, *base, rounds);
      row.Add("mapDifference", scorer->Map() - base->Map())
          .Add("differenceLow", difference.low)
          .Add("differenceHigh", difference.high);
    } else {
      base = std::move(scorer);
    }
    rows += (rows.empty() ? "" : ",") + row.Text();
  }
  return Figures().Add("drawingSeconds", drawing_s).Raw("engines", "[" + rows + "]");
}

/// NV12 to candidates after NMS, against a bare enqueue loop of the same engine with the same
/// graphs and slots in flight; in turns, medians of five.
Figures ThroughputStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const Engine engine(backend, arguments.Get("engine"));
  const int batch = engine.batch();
  const auto frames = DrawStreets(64, 16, 1);
  const OnGpu on_gpu(frames);
  std::vector<cuda::PinnedMemory> pinned;
  for (const StreetFrame& frame : frames) {
    pinned.push_back(cuda::AllocatePinned(kStreetBytes));
    std::copy(frame.nv12.begin(), frame.nv12.end(),
              static_cast<std::uint8_t*>(pinned.back().get()));
  }
  constexpr float kMinScore = 0.3F;
  Worker bare(engine, false, 0);
  Worker pipeline(engine, true, kMinScore);
  const double seconds = arguments.Number("milliseconds", 1000) / 1000.0;
  std::vector<double> bare_rates;
  std::vector<double> gpu_rates;
  std::vector<double> host_rates;
  std::vector<double> shares;
  const auto push_from_gpu = [&](std::uint64_t i) {
    const std::uint64_t first = i * static_cast<std::uint64_t>(batch);
    pipeline.Push(on_gpu.Some(first, batch), first, Ignore);
  };
  const auto push_from_host = [&](std::uint64_t i) {
    std::vector<Nv12> pictures;
    const std::uint64_t first = i * static_cast<std::uint64_t>(batch);
    for (int j = 0; j < batch; ++j) {
      pictures.push_back(
          {pinned[(first + static_cast<std::uint64_t>(j)) % pinned.size()].get(), JF_PINNED});
    }
    pipeline.Push(pictures, first, Ignore);
  };
  for (int round = 0; round < 5; ++round) {
    bare_rates.push_back(Rate(&bare, seconds, [&](std::uint64_t) { bare.PushBare(); }));
    gpu_rates.push_back(Rate(&pipeline, seconds, push_from_gpu));
    host_rates.push_back(Rate(&pipeline, seconds, push_from_host));
    shares.push_back(gpu_rates.back() / bare_rates.back());
  }
  const double bare_rate = Median(bare_rates);
  const double gpu_rate = Median(gpu_rates);
  return Figures()
      .Add("batch", batch)
      .Add("bareBatchesPerSecond", bare_rate)
      .Add("bareMsPerBatch", 1000 / bare_rate)
      .Add("pipelineFramesPerSecond", gpu_rate * batch)
      .Add("pipelineOverBare", Median(shares))
      .Add("pipelineOverBareLeast", *std::min_element(shares.begin(), shares.end()))
      .Add("pinnedHostFramesPerSecond", Median(host_rates) * batch)
      .Add("pinnedHostOverBare", Median(host_rates) / bare_rate)
      .Raw("bytesPerFrameOnGpu", TransfersOf(&pipeline, batch, push_from_gpu).Text())
      .Raw("bytesPerFrameFromHost", TransfersOf(&pipeline, batch, push_from_host).Text())
      .Add("rawOutputBytesPerFrame", static_cast<double>(BytesOf(engine.outputs()[0])) / batch);
}

/// What the backend counts of a hundred batches of the host's pictures, and of nothing else in this
/// process: whoever counts the driver's own calls must find the same.
Figures TransfersStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const Engine engine(backend, arguments.Get("engine"));
  const auto frames = DrawStreets(16, 16, 1);
  Worker worker(engine, true, 0.3F);
  for (std::uint64_t i = 0; i < 100; ++i) {
    std::vector<Nv12> pictures;
    for (int j = 0; j < engine.batch(); ++j) {
      const std::size_t frame = (i + static_cast<std::size_t>(j)) % frames.size();
      pictures.push_back({frames[frame].nv12.data(), JF_HOST});
    }
    worker.Push(pictures, i, Ignore);
  }
  worker.Drain(Ignore);
  const JfTransfers counted = worker.transfers();
  return Figures()
      .Add("frames", 100.0 * engine.batch())
      .Raw("toDeviceBytes", std::to_string(counted.to_device_bytes))
      .Raw("toHostBytes", std::to_string(counted.to_host_bytes));
}

/// Three contexts on one GPU share the frames of one source as GPU, DLA0 and DLA1 would: what each
/// got of them, and whether they come out in order.
Figures ContextsStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const Engine engine(backend, arguments.Get("engine"));
  const int batch = engine.batch();
  const OnGpu on_gpu(DrawStreets(64, 16, 1));
  const auto measure = [&](int contexts, std::vector<std::uint64_t>* of_each,
                           std::uint64_t* early_most, std::uint64_t* frames_out, bool* in_order) {
    std::atomic<std::uint64_t> next_batch{0};
    std::mutex mutex;
    std::map<std::uint64_t, int> early;
    std::uint64_t expected = 0;
    *in_order = true;
    *early_most = 0;
    of_each->assign(static_cast<std::size_t>(contexts), 0);
    const auto start = Clock::now();
    const double seconds = arguments.Number("milliseconds", 2000) / 1000.0;
    const auto work = [&](int number) {
      device.MakeCurrent();
      Worker worker(engine, true, 0.3F);
      const Worker::Out out = [&](std::uint64_t frame, const std::vector<Detection>&) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!early.emplace(frame, number).second || frame < expected) *in_order = false;
        *early_most = std::max<std::uint64_t>(*early_most, early.size());
        while (!early.empty() && early.begin()->first == expected) {
          ++(*of_each)[static_cast<std::size_t>(early.begin()->second)];
          early.erase(early.begin());
          ++expected;
        }
      };
      while (SecondsSince(start) < seconds) {
        const std::uint64_t first = next_batch++ * static_cast<std::uint64_t>(batch);
        worker.Push(on_gpu.Some(first, batch), first, out);
      }
      worker.Drain(out);
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < contexts; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
    *frames_out = expected;
    if (!early.empty() || expected != next_batch * static_cast<std::uint64_t>(batch)) {
      *in_order = false;
    }
    return static_cast<double>(expected) / SecondsSince(start);
  };
  std::vector<std::uint64_t> of_each;
  std::uint64_t early = 0;
  std::uint64_t frames = 0;
  bool in_order = true;
  const double one = measure(1, &of_each, &early, &frames, &in_order);
  const double three = measure(3, &of_each, &early, &frames, &in_order);
  std::string each;
  for (const std::uint64_t count : of_each) {
    each += (each.empty() ? "" : ",") + std::to_string(count);
  }
  const auto [least, most] = std::minmax_element(of_each.begin(), of_each.end());
  return Figures()
      .Add("framesPerSecondOfOne", one)
      .Add("framesPerSecondOfThree", three)
      .Raw("framesOfEach", "[" + each + "]")
      .Add("leastOverMost", static_cast<double>(*least) / static_cast<double>(*most))
      .Add("frames", static_cast<double>(frames))
      .Add("everyFrameOnceAndInOrder", in_order ? "yes" : "no")
      .Add("mostHeldForOrder", static_cast<double>(early));
}

/// Frames flow while the engine is changed `times` times between two frames: the next one is loaded
/// and warmed by another thread, and the old one finishes what it has.
Figures SwapStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const std::vector<std::string> paths = Split(arguments.Get("engines"));
  const OnGpu on_gpu(DrawStreets(64, 16, 1));
  struct Model {
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Worker> worker;
  };
  const auto make = [&](std::size_t number) {
    device.MakeCurrent();
    auto model = std::make_unique<Model>();
    model->engine = std::make_unique<Engine>(backend, paths[number % paths.size()]);
    model->worker = std::make_unique<Worker>(*model->engine, true, 0.3F);
    // Warm: its graph is recorded and its kernels are loaded before it counts.
    for (int i = 0; i < 6; ++i) {
      model->worker->Push(on_gpu.Some(0, model->engine->batch()), 0, Ignore);
    }
    model->worker->Drain(Ignore);
    return model;
  };
  const int times = arguments.Number("times", 10);
  std::unique_ptr<Model> active = make(0);
  std::unique_ptr<Model> ready;
  std::mutex mutex;
  std::uint64_t pushed = 0;
  std::uint64_t expected = 0;
  bool in_order = true;
  Clock::time_point last = Clock::now();
  double longest_gap_ms = 0;
  const Worker::Out out = [&](std::uint64_t frame, const std::vector<Detection>&) {
    if (frame != expected) in_order = false;
    ++expected;
    const auto now = Clock::now();
    longest_gap_ms =
        std::max(longest_gap_ms, std::chrono::duration<double, std::milli>(now - last).count());
    last = now;
  };
  int swapped = 0;
  std::thread loader;
  const auto load_next = [&](std::size_t number) {
    loader = std::thread([&, number] {
      auto model = make(number);
      const std::lock_guard<std::mutex> lock(mutex);
      ready = std::move(model);
    });
  };
  load_next(1);
  last = Clock::now();
  while (swapped < times) {
    active->worker->Push(on_gpu.Some(pushed, active->engine->batch()), pushed, out);
    pushed += static_cast<std::uint64_t>(active->engine->batch());
    std::unique_ptr<Model> next;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      next = std::move(ready);
    }
    if (next == nullptr) continue;
    active->worker->Drain(out);
    active.swap(next);
    ++swapped;
    next->worker.reset();
    next->engine.reset();
    loader.join();
    if (swapped < times) load_next(static_cast<std::size_t>(swapped) + 1);
  }
  active->worker->Drain(out);
  return Figures()
      .Add("swaps", swapped)
      .Add("framesIn", static_cast<double>(pushed))
      .Add("framesOut", static_cast<double>(expected))
      .Add("lost", static_cast<double>(pushed - expected))
      .Add("inOrder", in_order ? "yes" : "no")
      .Add("longestGapMs", longest_gap_ms);
}

}  // namespace jetfleet::bench
