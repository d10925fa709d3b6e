#pragma once

#include <dlfcn.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

/// What all rivals share: the model, and how they are measured.
namespace rivals {

/// yolox_nano: float32 [1,3,416,416] BGR 0–255, [1,3549,85].
constexpr int kSide = 416;
constexpr float kGrey = 114;
constexpr std::size_t kPlane = std::size_t{kSide} * kSide;
constexpr std::size_t kRow = 85;
constexpr float kMinScore = 0.4F;
constexpr float kNmsIou = 0.45F;

[[noreturn]] inline void Die(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

struct Box {
  float left, top, right, bottom, score;
  long label;
};

inline float Iou(const Box& a, const Box& b) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const auto area = [](const Box& box) { return (box.right - box.left) * (box.bottom - box.top); };
  const float both = width * height;
  return both / (area(a) + area(b) - both);
}

/// Boxes of YOLOX's rows: cells of strides 8, 16 and 32, row by row.
inline std::vector<Box> Decode(const float* row) {
  std::vector<Box> boxes;
  for (const int stride : {8, 16, 32}) {
    const int cells = kSide / stride;
    for (int cell = 0; cell < cells * cells; ++cell, row += kRow) {
      if (row[4] < kMinScore) continue;
      const float* best = std::max_element(row + 5, row + kRow);
      const float score = row[4] * *best;
      if (score < kMinScore) continue;
      const float s = static_cast<float>(stride);
      const float x = (row[0] + static_cast<float>(cell % cells)) * s;
      const float y = (row[1] + static_cast<float>(cell / cells)) * s;
      const float width = std::exp(row[2]) * s / 2;
      const float height = std::exp(row[3]) * s / 2;
      boxes.push_back({x - width, y - height, x + width, y + height, score, best - row});
    }
  }
  return boxes;
}

/// Greedy, by label; returns how many are left.
inline int CountAfterNms(std::vector<Box> boxes) {
  std::sort(boxes.begin(), boxes.end(),
            [](const Box& a, const Box& b) { return a.score > b.score; });
  std::vector<Box> kept;
  for (const Box& box : boxes) {
    const bool covered = std::any_of(kept.begin(), kept.end(), [&](const Box& other) {
      return other.label == box.label && Iou(other, box) > kNmsIou;
    });
    if (!covered) kept.push_back(box);
  }
  return static_cast<int>(kept.size());
}

inline const OrtApi* OpenRuntime(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) Die(dlerror());
  using GetApiBase = const OrtApiBase* (*)();
  const auto get_base = reinterpret_cast<GetApiBase>(dlsym(library, "OrtGetApiBase"));
  if (get_base == nullptr) Die("no ONNX Runtime");
  constexpr unsigned kApiVersion = 17;
  return get_base()->GetApi(kApiVersion);
}

/// The settings are those of native/backends/onnxruntime.
class Inference {
 public:
  Inference(const char* runtime, const char* model) {
    Ort::InitApi(OpenRuntime(runtime));
    static Ort::Env env{ORT_LOGGING_LEVEL_ERROR, "rival"};
    Ort::SessionOptions settings;
    settings.SetIntraOpNumThreads(1);
    settings.SetInterOpNumThreads(1);
    settings.SetExecutionMode(ORT_SEQUENTIAL);
    settings.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    session_ = Ort::Session(env, model, settings);
    Ort::AllocatorWithDefaultOptions allocator;
    input_name_ = session_.GetInputNameAllocated(0, allocator).get();
    output_name_ = session_.GetOutputNameAllocated(0, allocator).get();
    tensor_.assign(3 * kPlane, kGrey);
    Run();  // the first run allocates
  }

  /// Planes B, G, R; to be filled before `Run`.
  float* tensor() { return tensor_.data(); }

  /// Objects in the picture.
  int Run() {
    const auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
    const std::array<std::int64_t, 4> shape = {1, 3, kSide, kSide};
    Ort::Value input = Ort::Value::CreateTensor<float>(memory, tensor_.data(), tensor_.size(),
                                                       shape.data(), shape.size());
    const char* in = input_name_.c_str();
    const char* out = output_name_.c_str();
    auto outputs = session_.Run(Ort::RunOptions{nullptr}, &in, &input, 1, &out, 1);
    return CountAfterNms(Decode(outputs[0].GetTensorData<float>()));
  }

 private:
  Ort::Session session_{nullptr};
  std::string input_name_;
  std::string output_name_;
  std::vector<float> tensor_;
};

/// Begins with the first picture: what starts a process is not what a frame costs.
class Meter {
 public:
  void Begin() {
    begin_ = std::chrono::steady_clock::now();
    cpu_begin_ = CpuSeconds();
  }
  void Print(int frames, int objects) const {
    std::printf("{\"frames\":%d,\"from\":%.6f,\"to\":%.6f,\"cpuSeconds\":%.6f,\"objects\":%d}\n",
                frames, SecondsOf(begin_), SecondsOf(std::chrono::steady_clock::now()),
                CpuSeconds() - cpu_begin_, objects);
  }

 private:
  static double SecondsOf(std::chrono::steady_clock::time_point at) {
    return std::chrono::duration<double>(at.time_since_epoch()).count();
  }
  /// Of this process and of those that it started and that have ended.
  static double CpuSeconds() {
    double seconds = 0;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
      rusage usage{};
      getrusage(who, &usage);
      for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
        seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
      }
    }
    return seconds;
  }

  std::chrono::steady_clock::time_point begin_;
  double cpu_begin_ = 0;
};

}  // namespace rivals
