#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend_abi.h"
#include "core/memory/buffer.h"
#include "core/memory/surface.h"
#include "core/memory/tensor.h"
#include "core/status.h"

/// The C ABI of backends/backend_abi.h as owners and Status values.
namespace jetfleet {

/// One input or output of a program.
struct TensorInfo {
  std::string name;
  /// With -1 for a dimension known only at run time.
  Shape shape;
  /// "float32", or the vendor's own word for a type that we do not have.
  std::string type;
  /// Nothing for a type that we do not have.
  std::optional<ElementType> element;
  TensorLayout layout = TensorLayout::kPlain;
  Quantisation quantisation;
  /// JfMemory that it may lie in, summed.
  std::uint32_t memory = 0;
  Shape min;
  Shape max;
};

struct ModelInfo {
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

struct Capabilities {
  std::string name;
  std::string vendor_version;
  std::vector<std::string> accelerators;
  /// What contexts prepare pictures with; the first is the default.
  std::vector<std::string> preprocessors;
  bool builds = false;
  bool reports_layers = false;
  /// No driver: engines can be built here but not run.
  bool only_builds = false;
  /// A build that is cancelled ends at the builder's next step (JF_CANCELS_AT_ONCE), not at its
  /// next phase.
  bool cancels_at_once = false;
  /// Contexts prepare pictures where a Jetson's decoder leaves them.
  bool takes_nvmm = false;
  /// Runs that gain from being submitted together; at least 1.
  std::uint32_t tickets = 1;
  struct Gpu {
    std::string name;
    /// 86 for 8.6.
    std::uint32_t compute_capability = 0;
    std::uint32_t multiprocessors = 0;
  };
  /// What contexts run on; nothing of a backend of processors, or without a GPU: `no_gpu` says why.
  std::optional<Gpu> gpu;
  std::string no_gpu;
};

/// What `Context::Prepare` is told of one surface.
struct PreparedSurface {
  SurfaceRef surface;
  /// In its slot of the tensor.
  Rect target;
};

/// Runs a program on one accelerator. One thread at a time, but `Wait` may run beside `Submit`.
class Context {
 public:
  Context(std::shared_ptr<const void> program, const JfContextFunctions& functions,
          JfContext* context)
      : program_(std::move(program)), functions_(functions), context_(context) {}
  ~Context() { functions_.destroy(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  using Ticket = std::uint64_t;
  /// Starts a run; the tensors' memory is the run's until `Wait` has returned. Allocates nothing.
  Status Submit(const std::vector<TensorView>& inputs, const std::vector<TensorView>& outputs,
                Ticket* ticket);
  /// Tickets in their order, each once.
  Status Wait(Ticket ticket);

  /// Whether the backend brings pictures into the input by itself.
  bool prepares() const { return functions_.prepare != nullptr; }
  Status Prepare(const std::vector<PreparedSurface>& surfaces, const JfPreprocess& preprocess,
                 const TensorView& input);
  /// From the next `Submit` on, candidates of one output in place of the whole; null: the output as
  /// it is. MODEL_INVALID when the backend does not read that head.
  Status Filter(const JfFilter* filter);

 private:
  const std::shared_ptr<const void> program_;
  const JfContextFunctions functions_;
  JfContext* const context_;
};

/// What one layer took in a run, in the mean.
struct LayerTime {
  std::string name;
  double ms = 0;
};

/// A loaded model. Contexts share its weights and keep it alive.
class Program : public std::enable_shared_from_this<Program> {
 public:
  Program(const JfProgramFunctions& functions, const JfContextFunctions& context_functions,
          JfProgram* program)
      : functions_(functions), context_functions_(context_functions), program_(program) {}
  ~Program() { functions_.destroy(program_); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Status Describe(ModelInfo* info) const;
  /// The library's own description of what it made of the model, as JSON. INTERNAL without one.
  Status Inspect(std::string* json);
  /// What layers take by the library's own profiler, in `runs` runs on these tensors. MODEL_INVALID
  /// when the library does not tell.
  Status Profile(const std::vector<TensorView>& inputs, const std::vector<TensorView>& outputs,
                 std::uint32_t runs, std::vector<LayerTime>* layers);
  /// Empty: the backend's default.
  Status NewContext(const std::string& accelerator, const std::string& preprocessor,
                    std::unique_ptr<Context>* context);

 private:
  const JfProgramFunctions functions_;
  const JfContextFunctions context_functions_;
  JfProgram* const program_;
};

/// Shapes of an input whose dimensions are open.
struct ShapeRange {
  std::string input;
  Shape min;
  Shape opt;
  Shape max;
};

/// What is empty or 0 is left to the backend; backend_abi.h says more.
struct BuildOptions {
  std::string model_path;
  std::string engine_path;
  std::string accelerator;
  std::string precision;
  std::uint32_t threads = 0;
  bool allow_tf32 = false;
  bool gpu_fallback = false;
  /// INT8 ranges by extremes instead of by entropy.
  bool min_max_ranges = false;
  std::uint64_t workspace_bytes = 0;
  /// Further limits of memory (JfBuildOptions says of what).
  std::uint64_t dla_managed_sram_bytes = 0;
  std::uint64_t dla_local_dram_bytes = 0;
  std::uint64_t dla_global_dram_bytes = 0;
  std::uint64_t tactic_shared_memory_bytes = 0;
  /// Nodes that compute in float32 whatever the precision.
  std::vector<std::string> float32_nodes;
  /// 1 to 6.
  std::uint32_t effort = 0;
  std::vector<ShapeRange> shapes;
  std::string calibration_table_path;
  std::string calibration_data_path;
  std::string timing_cache_path;
  std::string engine_key;
  std::vector<std::uint8_t> mac_key;
  /// 86 for 8.6.
  std::uint32_t compute_capability = 0;
};

struct LoadOptions {
  std::string path;
  std::uint32_t threads = 0;
  std::string accelerator;
  /// Empty: not compared.
  std::string engine_key;
  std::vector<std::uint8_t> mac_key;
};

struct LayerReport {
  std::string name;
  std::string type;
  std::string accelerator;
  /// Why it is not where it was wanted; empty when it is.
  std::string reason;
};

struct BuildProblem {
  bool fatal = false;
  std::string node;
  std::string op;
  std::string message;
};

struct BuildEvents {
  std::function<void(double share, const std::string& step)> progress;
  std::function<bool()> cancelled;
  std::function<void(const LayerReport&)> layer;
  std::function<void(const BuildProblem&)> problem;
};

/// One inference library, opened. Any thread. Never closed: vendors' libraries do not survive being
/// unloaded while threads of theirs run.
class Backend {
 public:
  /// NATIVE_LOAD when the table or the library cannot be used.
  static Status Open(const JfBackendFunctions* functions, const std::string& runtime_path,
                     std::unique_ptr<Backend>* backend);

  const Capabilities& capabilities() const { return capabilities_; }
  Status Load(const LoadOptions& options, std::shared_ptr<Program>* program);
  /// Memory of a kind for tensors; null when the backend lends none of that kind, or has none left.
  /// The backend outlives it, as all.
  BufferRef Allocate(MemoryKind kind, std::size_t bytes) const;
  /// Makes an engine for this machine. INTERNAL when this backend runs models as they are.
  Status Build(const BuildOptions& options, const BuildEvents& events);
  /// Compiles what the backend itself runs on a GPU into files of a folder; `compute_capability` as
  /// in 86, 0: this machine's. INTERNAL when this backend has no such kernels.
  Status CompileKernels(const std::string& folder, std::uint32_t compute_capability);

 private:
  Backend() = default;
  Status AskCapabilities();

  JfBackendFunctions functions_{};
  JfProgramFunctions program_functions_{};
  JfContextFunctions context_functions_{};
  JfBackend* backend_ = nullptr;
  Capabilities capabilities_;
};

}  // namespace jetfleet
