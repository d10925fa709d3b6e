#pragma once

#include <algorithm>
#include <atomic>
#include <future>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/decode/output_decoder.h"
#include "core/infer/backend.h"
#include "core/memory/buffer_pool.h"
#include "core/status.h"

namespace jetfleet {

/// One accelerator that a model works on.
struct LaneOptions {
  /// Of the backend's; empty: its default.
  std::string accelerator;
  /// An engine made for that accelerator; empty: the model's own path.
  std::string path;
  /// For those who look on: what the engine was built in; empty where nobody knows.
  std::string precision;
  /// "sha256:…" of that engine; empty: it is not compared.
  std::string digest;
};

struct DetectorOptions {
  std::string model_path;
  /// "sha256:…" of the file; empty: it is not compared.
  std::string model_digest;
  std::string backend_path;
  std::string runtime_path;
  DecoderOptions decoder;
  int threads = 1;
  /// Accelerators that share the frames, the same one more than once for more contexts of it. None:
  /// the backend's default alone.
  std::vector<LaneOptions> lanes;
  /// What brings pictures into the input: "cpu", or an engine of the backend's ("cuda", "vic");
  /// empty: the backend's default, else the CPU.
  std::string preprocess;
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
  /// Of the picture: [N,3,H,W] or [N,H,W,3].
  TensorView input;
  /// All of the model's, in its order.
  std::vector<TensorView> inputs;
  std::vector<TensorView> outputs;
  /// Candidates of at least this score stand in place of the head's output (JfFilter).
  std::optional<float> filter_score;
};

/// A model at work: its programs, what reads its outputs, and the memory of its runs. Frames hold
/// it from preprocessing on, so that one frame meets one model only. Any thread; a context belongs
/// to the lane that has its number.
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
  /// `pictures` are what a run is to hold, as by `TryBatches`.
  static Status LoadAndWarm(const ModelOptions& options, std::shared_ptr<ModelProgram>* model,
                            LoadTimes* times, std::int64_t pictures = 1);
  /// For backends that are open already (tests bring their own).
  static Status Wrap(Backend* backend, const ModelOptions& options,
                     std::shared_ptr<ModelProgram>* model);

  /// Runs on some real pictures, so that the first frame does not pay for what a runtime does only
  /// then. MODEL_INVALID when the model does not run, or answers with what is no number or cannot
  /// be what its decoder takes it for.
  Status Warm();

  /// Has `Together` give more than one picture only where so many real pictures in one run are
  /// answered as each alone, and never more than were tried. After `Warm`, before frames flow.
  void TryBatches(std::int64_t wanted);
  /// Why so many pictures do not share runs; empty: they do, or it was not tried.
  std::string Unbatched(std::int64_t pictures) const;

  /// Detections in one picture of packed RGB bytes, by the reference's preprocessing. Beside no
  /// pipeline.
  Status DetectRgb(const std::uint8_t* rgb, Size size, std::vector<Detection>* detections);

  /// One run, start to end. Beside no pipeline.
  Status RunOnce(const RunTensors& tensors, std::size_t lane = 0);
  /// Starts a run; one thread at a time for each lane.
  Status Submit(std::size_t lane, const RunTensors& tensors, Context::Ticket* ticket);
  /// What a run found in one picture, down to `score` or the model's own limit, in pixels of the
  /// source. False when there were more candidates than the accelerator keeps: some may be missing,
  /// and the runs to come bring whole outputs.
  bool Read(const RunTensors& tensors, std::int64_t item, const Placement& placement, float score,
            std::vector<Detection>* found);

  /// Ready when nothing is left of it. Asked once at most.
  std::future<void> gone() { return end_.gone.get_future(); }

  const std::shared_ptr<const ModelTag>& tag() const { return tag_; }
  float min_score() const { return min_score_; }
  /// Boxes of one label that overlap by more are one object.
  float nms_iou() const { return nms_iou_; }
  const OutputDecoder& decoder() const { return *bound_.decoder; }
  /// Which decoder that is, and why.
  const BoundDecoder& bound() const { return bound_; }
  std::size_t lanes() const { return lanes_.size(); }
  Context& context(std::size_t lane) const { return *lanes_[lane].context; }
  /// As it was asked for; the backend's default has its name.
  const LaneOptions& lane(std::size_t number) const { return lanes_[number].options; }
  /// Whether the backend brings pictures into the input by itself.
  bool prepares() const { return preprocess_ != kCpu; }
  /// Whether it does so from where a Jetson's decoder leaves them.
  bool takes_nvmm() const { return prepares() && takes_nvmm_; }
  /// What brings pictures into the input: "cpu", "cuda", "vic".
  const std::string& preprocess() const { return preprocess_; }
  /// Whether the accelerator picks the candidates out by itself.
  bool filters() const { return filters_; }
  /// Runs in flight that its accelerator gains from.
  std::uint32_t tickets() const { return tickets_; }

  /// Slots of one run: as many as are of use for `wanted` pictures, or what the model was made for.
  std::int64_t BatchFor(std::int64_t wanted) const;
  /// Pictures that share one run of those slots: one where `TryBatches` found that they must not.
  std::int64_t Together(std::int64_t wanted) const {
    return unbatched_.empty() ? std::min({BatchFor(wanted), wanted, tried_}) : 1;
  }
  /// Who fills the input, and so where it lies.
  enum class FilledBy { kHost, kAccelerator };
  FilledBy filler() const { return prepares() ? FilledBy::kAccelerator : FilledBy::kHost; }
  /// With `candidate_score`, an accelerator that can brings candidates down to that or the model's
  /// own limit instead of whole outputs. INTERNAL when there is no memory left.
  Status Borrow(std::int64_t batch, FilledBy filled_by, std::optional<float> candidate_score,
                RunTensors* tensors);

 private:
  ModelProgram() = default;
  struct End {
    End() = default;
    ~End() { gone.set_value(); }
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    std::promise<void> gone;
  };
  struct LaneState {
    LaneOptions options;
    std::unique_ptr<Context> context;
    /// What the context was last told to look for. For whoever submits.
    std::optional<float> filter_score;
  };

  Status Bind(Backend* backend, const ModelOptions& options);
  Status ChoosePreprocess(const Capabilities& capabilities, const std::string& wanted);
  Status OpenLanes(Backend* backend, const DetectorOptions& detector);
  Status LoadLane(Backend* backend, const DetectorOptions& detector, LaneState* lane);
  Status NewContext(Program& program, LaneState* lane) const;
  void TryFilter();
  Status SetFilter(LaneState* lane, std::optional<float> score);
  Status WarmLane(std::size_t lane, bool filtered);
  /// Empty: so many are answered as each alone.
  std::string WhyNotTogether(std::int64_t batch, std::size_t lane);
  Status LookAt(const RunTensors& tensors, Impression* impression) const;

  /// Memory of a kind from the backend, where it lends some of that kind and the tensor may lie
  /// there, else from the host.
  std::unique_ptr<BufferPool> PoolFor(const TensorInfo& info, MemoryKind kind,
                                      std::size_t bytes) const;

  /// The first, so that it is destroyed last.
  End end_;
  std::shared_ptr<const ModelTag> tag_;
  const Backend* backend_ = nullptr;
  float min_score_ = 0;
  float nms_iou_ = 0;
  /// By path and accelerator.
  std::vector<std::pair<LaneOptions, std::shared_ptr<Program>>> programs_;
  std::uint32_t tickets_ = 1;
  ModelInfo info_;
  BoundDecoder bound_;
  std::vector<LaneState> lanes_;
  static constexpr char kCpu[] = "cpu";
  std::string preprocess_ = kCpu;
  bool takes_nvmm_ = false;
  std::atomic<bool> filters_{false};
  std::string unbatched_;
  /// Pictures that were expected when batches were tried.
  std::int64_t expected_ = 0;
  /// Pictures in one run that were tried; where nothing was, whatever it takes.
  std::int64_t tried_ = std::numeric_limits<std::int64_t>::max();

  struct Pools {
    TensorDesc input;
    /// By input; empty for the picture.
    std::vector<TensorView> constants;
    std::vector<TensorDesc> outputs;
    std::unique_ptr<BufferPool> input_pool;
    /// On the accelerator; null where it fills no inputs.
    std::unique_ptr<BufferPool> device_input_pool;
    std::vector<std::unique_ptr<BufferPool>> output_pools;
    /// In place of the head's output.
    TensorDesc candidates;
    std::unique_ptr<BufferPool> candidate_pool;
  };
  Status MakePools(std::int64_t batch, std::shared_ptr<Pools>* pools) const;
  Status MakeConstants(std::int64_t batch, Pools* pools) const;

  std::mutex mutex_;
  /// By batch, of which there are as many as groups of sources have sizes.
  std::map<std::int64_t, std::shared_ptr<Pools>> pools_;
};

}  // namespace jetfleet
