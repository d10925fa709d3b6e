#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "backends/tensorrt/cuda/owners.h"
#include "steps.h"
#include "street.h"
#include "worker.h"

namespace jetfleet::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint64_t kPictures = 16;

bool Same(const std::vector<Detection>& a, const std::vector<Detection>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const Detection& x, const Detection& y) {
           return x.label == y.label && x.score == y.score && Iou(x.box, y.box) > 0.9999F;
         });
}

/// A pipeline on its own thread: the same pictures again and again, each held to what was found in
/// it the first time.
class Flow {
 public:
  Flow(const Backend& backend, const cuda::Device& device, const std::string& path)
      : device_(device),
        engine_(backend, path),
        worker_(engine_, true, 0.3F),
        pictures_(DrawStreets(static_cast<int>(kPictures), 16, 1)),
        thread_([this] { Work(); }) {}
  ~Flow() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  std::uint64_t frames() const { return out_; }
  Figures End() {
    ended_ = true;
    thread_.join();
    return Figures()
        .Add("framesIn", static_cast<double>(in_))
        .Add("framesOut", static_cast<double>(out_))
        .Add("otherwiseThanAtFirst", static_cast<double>(different_))
        .Add("outOfOrder", static_cast<double>(out_of_order_))
        .Add("failed", failed_.empty() ? "no" : failed_);
  }

 private:
  void Work() {
    try {
      device_.MakeCurrent();
      std::vector<std::vector<Detection>> first(kPictures);
      const Worker::Out out = [&](std::uint64_t frame, const std::vector<Detection>& found) {
        if (frame != out_) ++out_of_order_;
        std::vector<Detection>& before = first[frame % kPictures];
        if (out_ < kPictures) {
          before = found;
        } else if (!Same(before, found)) {
          ++different_;
        }
        ++out_;
      };
      while (!ended_) {
        std::vector<Nv12> batch;
        for (int i = 0; i < engine_.batch(); ++i) {
          const auto number = (in_ + static_cast<std::uint64_t>(i)) % kPictures;
          batch.push_back({pictures_[number].nv12.data(), JF_HOST});
        }
        const std::uint64_t number = in_;
        in_ += batch.size();
        worker_.Push(batch, number, out);
      }
      worker_.Drain(out);
    } catch (const Refusal& refusal) {
      failed_ = refusal.message;
    } catch (const Failure& failure) {
      failed_ = failure.what();
    }
  }

  const cuda::Device& device_;
  const Engine engine_;
  Worker worker_;
  const std::vector<StreetFrame> pictures_;
  std::uint64_t in_ = 0;
  std::atomic<std::uint64_t> out_{0};
  std::uint64_t different_ = 0;
  std::uint64_t out_of_order_ = 0;
  std::string failed_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

/// All of the GPU's memory but so much.
std::vector<cuda::DeviceMemory> TakeAllBut(std::size_t left, const cuda::Device& device) {
  std::vector<cuda::DeviceMemory> taken;
  for (std::size_t piece = std::size_t{1} << 32U; piece >= (std::size_t{1} << 20U); piece /= 2) {
    while (device.memory().free_bytes > left + piece) {
      try {
        taken.push_back(cuda::Allocate(piece));
      } catch (const Failure&) {  // in pieces that fit, then
        break;
      }
    }
  }
  return taken;
}

/// What the backend answers: "works", or its code and words.
template <typename Work>
Figures Tried(Work work) {
  const auto start = Clock::now();
  Figures figures;
  try {
    work();
    figures.Add("answer", "works");
  } catch (const Refusal& refusal) {
    figures.Add("code", refusal.code).Add("answer", refusal.message);
  }
  return figures.Add("seconds", std::chrono::duration<double>(Clock::now() - start).count());
}

}  // namespace

/// Takes the GPU's memory but for each of `leftMb` in turn while a pipeline runs, and asks for a
/// build, and for an engine with a context: each is refused with the reason and what helps, works
/// once the memory is back, and the pipeline finds in each picture what it found before. A build
/// that goes on is cancelled after `limitS`.
Figures MemoryStep(const Backend& backend, const Arguments& arguments) {
  const cuda::Device device;
  device.MakeCurrent();
  const std::string model = arguments.Get("model");
  const std::string engine = arguments.Get("engine");
  const std::string to = arguments.Get("to");
  const std::chrono::seconds limit(arguments.Number("limitS", 60));
  const auto build = [&] {
    JfBuildOptions options = Sized<JfBuildOptions>();
    options.model_path = model.c_str();
    options.engine_path = to.c_str();
    options.precision = "fp16";
    options.effort = 1;
    JfBuildEvents events = Sized<JfBuildEvents>();
    auto until = Clock::now() + limit;
    events.user = &until;
    events.cancelled = [](void* user) -> std::int32_t {
      return Clock::now() < *static_cast<Clock::time_point*>(user) ? 0 : 1;
    };
    JfError error = Sized<JfError>();
    Check(backend.table().build(backend.get(), &options, &events, &error), error);
  };
  const auto load = [&] {
    const Engine loaded(backend, engine);
    backend.table().context->destroy(loaded.NewContext());
  };
  Flow flow(backend, device, engine);
  while (flow.frames() < 10 * kPictures) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  Figures figures;
  for (const std::string& left_mb : Split(arguments.Get("leftMb"))) {
    const std::vector<cuda::DeviceMemory> taken =
        TakeAllBut(static_cast<std::size_t>(std::stoul(left_mb)) << 20U, device);
    const std::uint64_t before = flow.frames();
    Figures row;
    row.Add("freeBytes", static_cast<double>(device.memory().free_bytes))
        .Raw("load", Tried(load).Text())
        .Raw("build", Tried(build).Text())
        .Add("framesMeanwhile", static_cast<double>(flow.frames() - before));
    figures.Raw("left" + left_mb + "Mb", row.Text());
  }
  return figures.Raw("loadAfterwards", Tried(load).Text()).Raw("pipeline", flow.End().Text());
}

}  // namespace jetfleet::bench
