#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/decode/output_decoder.h"
#include "core/infer/backend.h"
#include "core/memory/buffer_pool.h"
#include "core/status.h"

namespace jetfleet {

struct DetectorOptions {
  std::string model_path;
  /// "sha256:…" of the file; empty: it is not compared.
  std::string model_digest;
  std::string backend_path;
  std::string runtime_path;
  std::string decoder = "yolox";
  std::size_t labels = 0;
  float nms_iou = 0.45F;
  int threads = 1;
};

struct ModelOptions {
  /// Names the model in results.
  std::string id;
  DetectorOptions detector;
  std::vector<std::string> labels;
  float min_score = 0;
};

/// What results say of the model that made them.
struct ModelTag {
  std::string id;
  std::vector<std::string> labels;
};

/// Memory of one run: an input for the whole batch and all outputs, borrowed from the model's
/// pools.
struct RunTensors {
  /// [N,3,H,W].
  TensorView input;
  std::vector<TensorView> inputs;
  std::vector<TensorView> outputs;
};

/// A model at work: its program, what reads its outputs, and the memory of its runs. Frames hold it
/// from preprocessing on, so that one frame meets one model only. Any thread; a context belongs to
/// the lane that has its number.
class ModelProgram {
 public:
  struct LoadTimes {
    double load_ms = 0;
    double warm_ms = 0;
  };
  /// MODEL_INVALID when the model does not load or does not fit its labels and decoder,
  /// ARTIFACT_DIGEST when its file is not the one that its digest names.
  static Status Load(const ModelOptions& options, std::shared_ptr<ModelProgram>* model);
  /// Loads, and warms, on a thread that leaves the processor to those that carry frames. Slow.
  static Status LoadAndWarm(const ModelOptions& options, std::shared_ptr<ModelProgram>* model,
                            LoadTimes* times);
  /// For backends that are open already (tests bring their own).
  static Status Wrap(Backend* backend, const ModelOptions& options,
                     std::shared_ptr<ModelProgram>* model);

  /// Runs once on a grey picture, so that the first frame does not pay for what a runtime does only
  /// then. MODEL_INVALID when the model does not run or answers with what is no number.
  Status Warm();

  /// Detections in one picture of packed RGB bytes, by the reference's preprocessing. Beside no
  /// pipeline.
  Status DetectRgb(const std::uint8_t* rgb, Size size, std::vector<Detection>* detections);

  /// One run of the first context, start to end. Beside no pipeline.
  Status RunOnce(const RunTensors& tensors);

  const std::shared_ptr<const ModelTag>& tag() const { return tag_; }
  float min_score() const { return min_score_; }
  const OutputDecoder& decoder() const { return *decoder_; }
  std::size_t lanes() const { return contexts_.size(); }
  Context& context(std::size_t lane) const { return *contexts_[lane]; }
  /// Whether the backend brings pictures into the input by itself.
  bool prepares() const { return contexts_.front()->prepares(); }
  /// Runs in flight that its accelerator gains from.
  std::uint32_t tickets() const { return tickets_; }

  /// Slots of one run: as many as are of use for `wanted` pictures, or what the model was made for.
  std::int64_t BatchFor(std::int64_t wanted) const;
  /// Who fills the input, and so where it lies.
  enum class FilledBy { kHost, kAccelerator };
  /// INTERNAL when there is no memory left.
  Status Borrow(std::int64_t batch, FilledBy filled_by, RunTensors* tensors);

 private:
  ModelProgram() = default;
  Status Bind(const ModelOptions& options);

  /// Memory of a kind from the backend, where it lends some of that kind and the tensor may lie
  /// there, else from the host.
  std::unique_ptr<BufferPool> PoolFor(const TensorInfo& info, MemoryKind kind,
                                      std::size_t bytes) const;

  std::shared_ptr<const ModelTag> tag_;
  const Backend* backend_ = nullptr;
  float min_score_ = 0;
  std::shared_ptr<Program> program_;
  std::uint32_t tickets_ = 1;
  ModelInfo info_;
  std::unique_ptr<OutputDecoder> decoder_;
  std::vector<std::unique_ptr<Context>> contexts_;

  /// Pools of the batch that was borrowed last: it changes only when sources come and go.
  struct Pools {
    std::int64_t batch = 0;
    TensorDesc input;
    std::vector<TensorDesc> outputs;
    std::unique_ptr<BufferPool> input_pool;
    /// On the accelerator; null where it fills no inputs.
    std::unique_ptr<BufferPool> device_input_pool;
    std::vector<std::unique_ptr<BufferPool>> output_pools;
  };
  Status MakePools(std::int64_t batch, std::shared_ptr<Pools>* pools) const;

  std::mutex mutex_;
  std::shared_ptr<Pools> pools_;
};

}  // namespace jetfleet
