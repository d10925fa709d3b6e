#include "core/infer/backend.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/infer/abi.h"

namespace jetfleet {
namespace {

/// Inputs or outputs of one program. Detectors have up to 12 outputs.
constexpr std::size_t kMostTensors = 32;

Status BadTable(const char* what) {
  return Status::Error(ErrorCode::kNativeLoad,
                       std::string("Expected a whole table of functions for ") + what +
                           " but got one that lacks some while opening the backend");
}

/// Tensors of one call, without allocating.
struct TensorArray {
  std::array<JfTensor, kMostTensors> tensors;
  std::array<const JfTensor*, kMostTensors> pointers{};

  Status Fill(const std::vector<TensorView>& views) {
    if (views.size() > kMostTensors) {
      return Status::Error(ErrorCode::kInternal, "A model has more than 32 inputs or outputs");
    }
    for (std::size_t i = 0; i < views.size(); ++i) {
      const Status status = JfTensorOf(views[i], &tensors[i]);
      if (!status.ok()) return status;
      pointers[i] = &tensors[i];
    }
    return Status::Ok();
  }
};

Shape ShapeOf(const std::int64_t* dims, std::int32_t rank) {
  Shape shape;
  for (std::int32_t i = 0; i < rank; ++i) {
    if (!shape.Append(dims[i] < 0 ? -1 : dims[i])) break;
  }
  return shape;
}

Status InfoOf(const JfIo& io, TensorInfo* info) {
  info->name = io.name == nullptr ? "" : io.name;
  if (io.rank < 0 || static_cast<std::size_t>(io.rank) > Shape::kMaxRank) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected at most 8 dimensions but got " + std::to_string(io.rank) +
                             " for " + info->name + " while reading the model's interface");
  }
  info->element = ElementTypeOf(io.type);
  if (io.type_name != nullptr) info->type = io.type_name;
  if (info->type.empty() && info->element) info->type = ElementTypeName(*info->element);
  const bool picture = io.layout == JF_NCHW || io.layout == JF_NHWC;
  if (picture) info->layout = io.layout == JF_NCHW ? TensorLayout::kNchw : TensorLayout::kNhwc;
  info->memory = io.memory == 0 ? std::uint32_t{JF_HOST} : io.memory;
  info->quantisation = {io.scale, io.zero_point};
  info->shape = ShapeOf(io.opt, io.rank);
  info->min = ShapeOf(io.min, io.rank);
  info->max = ShapeOf(io.max, io.rank);
  return Status::Ok();
}

using Describe = std::int32_t (*)(const JfProgram*, std::uint32_t, JfIo*, JfError*);

Status DescribeAll(const JfProgram* program, std::uint32_t count, Describe describe,
                   std::vector<TensorInfo>* infos) {
  infos->clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    JfIo io = Sized<JfIo>();
    JfError error = Sized<JfError>();
    Status status = StatusOf(describe(program, i, &io, &error), error);
    TensorInfo info;
    if (status.ok()) status = InfoOf(io, &info);
    if (!status.ok()) return status;
    infos->push_back(std::move(info));
  }
  return Status::Ok();
}

/// Memory that a backend lent.
class LentBuffer final : public Buffer {
 public:
  LentBuffer(const JfBackendFunctions& functions, JfBackend* backend, MemoryKind kind,
             std::size_t bytes, void* data)
      : Buffer(kind, 0, bytes), release_(functions.release), backend_(backend), data_(data) {}
  ~LentBuffer() override { release_(backend_, JfMemoryOf(kind()), data_); }

  void* Address(int part) override { return part == 0 ? data_ : nullptr; }
  std::uint8_t* MapToHost(int part) override {
    const bool reached = part == 0 && kind() == MemoryKind::kPinned;
    return reached ? static_cast<std::uint8_t*>(data_) : nullptr;
  }

 private:
  void (*const release_)(JfBackend*, std::int32_t, void*);
  JfBackend* const backend_;
  void* const data_;
};

std::string Text(const char* from) { return from == nullptr ? "" : from; }
const char* OrNull(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

/// They point into `ranges`.
std::vector<JfShapeRange> JfRangesOf(const std::vector<ShapeRange>& ranges) {
  std::vector<JfShapeRange> told;
  for (const ShapeRange& range : ranges) {
    JfShapeRange to = Sized<JfShapeRange>();
    to.input = range.input.c_str();
    to.rank = static_cast<std::int32_t>(range.opt.rank());
    std::copy(range.min.begin(), range.min.end(), to.min);
    std::copy(range.opt.begin(), range.opt.end(), to.opt);
    std::copy(range.max.begin(), range.max.end(), to.max);
    told.push_back(to);
  }
  return told;
}

JfSurface JfSurfaceOf(const Surface& surface) {
  const SurfaceDesc& desc = surface.desc();
  JfSurface to = Sized<JfSurface>();
  to.memory = JfMemoryOf(surface.buffer()->kind());
  to.device = surface.buffer()->device();
  to.dmabuf_fd = surface.buffer()->dmabuf_fd();
  to.format = static_cast<std::int32_t>(desc.format);
  to.matrix = static_cast<std::int32_t>(desc.color.matrix);
  to.range = static_cast<std::int32_t>(desc.color.range);
  to.rotation = static_cast<std::int32_t>(desc.rotation);
  to.coded_width = desc.coded.width;
  to.coded_height = desc.coded.height;
  to.visible_x = desc.visible.x;
  to.visible_y = desc.visible.y;
  to.visible_width = desc.visible.width;
  to.visible_height = desc.visible.height;
  for (std::size_t plane = 0; plane < static_cast<std::size_t>(PlaneCount(desc.format)); ++plane) {
    to.planes[plane] = surface.buffer()->Address(desc.planes[plane].part);
    to.offsets[plane] = desc.planes[plane].offset;
    to.strides[plane] = desc.planes[plane].stride;
  }
  return to;
}

}  // namespace

Status Context::Submit(const std::vector<TensorView>& inputs,
                       const std::vector<TensorView>& outputs, Ticket* ticket) {
  TensorArray in;
  TensorArray out;
  Status status = in.Fill(inputs);
  if (status.ok()) status = out.Fill(outputs);
  if (!status.ok()) return status;
  JfError error = Sized<JfError>();
  return StatusOf(functions_.submit(context_, in.pointers.data(),
                                    static_cast<std::uint32_t>(inputs.size()), out.pointers.data(),
                                    static_cast<std::uint32_t>(outputs.size()), ticket, &error),
                  error);
}

Status Context::Wait(Ticket ticket) {
  JfError error = Sized<JfError>();
  return StatusOf(functions_.wait(context_, ticket, &error), error);
}

Status Context::Prepare(const std::vector<PreparedSurface>& surfaces,
                        const JfPreprocess& preprocess, const TensorView& input) {
  std::vector<JfSurface> pictures;
  std::vector<JfRect> rects;
  for (const PreparedSurface& prepared : surfaces) {
    pictures.push_back(JfSurfaceOf(*prepared.surface));
    rects.push_back({sizeof(JfRect), prepared.target.x, prepared.target.y, prepared.target.width,
                     prepared.target.height});
  }
  std::vector<const JfSurface*> picture_pointers;
  std::vector<const JfRect*> rect_pointers;
  for (std::size_t i = 0; i < surfaces.size(); ++i) {
    picture_pointers.push_back(&pictures[i]);
    rect_pointers.push_back(&rects[i]);
  }
  input.ForgetBorders();
  JfTensor tensor;
  const Status status = JfTensorOf(input, &tensor);
  if (!status.ok()) return status;
  JfError error = Sized<JfError>();
  return StatusOf(
      functions_.prepare(context_, picture_pointers.data(), rect_pointers.data(),
                         static_cast<std::uint32_t>(surfaces.size()), &preprocess, &tensor, &error),
      error);
}

Status Context::Filter(const JfFilter* filter) {
  if (functions_.filter == nullptr) {
    return filter == nullptr ? Status::Ok()
                             : Status::Error(ErrorCode::kModelInvalid,
                                             "The backend does not pick candidates out");
  }
  JfError error = Sized<JfError>();
  return StatusOf(functions_.filter(context_, filter, &error), error);
}

Status Program::Describe(ModelInfo* info) const {
  const Status status = DescribeAll(program_, functions_.input_count(program_),
                                    functions_.describe_input, &info->inputs);
  if (!status.ok()) return status;
  return DescribeAll(program_, functions_.output_count(program_), functions_.describe_output,
                     &info->outputs);
}

Status Program::Inspect(std::string* json) {
  if (functions_.inspect == nullptr) {
    return Status::Error(ErrorCode::kInternal, "The backend does not inspect what it loaded");
  }
  JfError error = Sized<JfError>();
  const char* told = nullptr;
  const Status status = StatusOf(functions_.inspect(program_, &told, &error), error);
  if (status.ok()) *json = Text(told);
  return status;
}

Status Program::Profile(const std::vector<TensorView>& inputs,
                        const std::vector<TensorView>& outputs, std::uint32_t runs,
                        std::vector<LayerTime>* layers) {
  layers->clear();
  if (functions_.profile == nullptr) {
    return Status::Error(ErrorCode::kModelInvalid, "The backend does not profile layers");
  }
  TensorArray in;
  TensorArray out;
  Status status = in.Fill(inputs);
  if (status.ok()) status = out.Fill(outputs);
  if (!status.ok()) return status;
  const auto add = [](void* user, const JfLayerTime* told) {
    JfLayerTime time;
    if (!ReadSized(told, &time)) return;
    static_cast<std::vector<LayerTime>*>(user)->push_back({Text(time.name), time.ms});
  };
  JfError error = Sized<JfError>();
  return StatusOf(
      functions_.profile(program_, in.pointers.data(), static_cast<std::uint32_t>(inputs.size()),
                         out.pointers.data(), static_cast<std::uint32_t>(outputs.size()), runs,
                         layers, add, &error),
      error);
}

Status Program::NewContext(const std::string& accelerator, const std::string& preprocessor,
                           std::unique_ptr<Context>* context) {
  JfContextOptions options = Sized<JfContextOptions>();
  options.accelerator = OrNull(accelerator);
  options.preprocessor = OrNull(preprocessor);
  JfError error = Sized<JfError>();
  JfContext* made = nullptr;
  const Status status = StatusOf(functions_.new_context(program_, &options, &made, &error), error);
  if (status.ok()) {
    *context = std::make_unique<Context>(shared_from_this(), context_functions_, made);
  }
  return status;
}

Status Backend::Open(const JfBackendFunctions* functions, const std::string& runtime_path,
                     std::unique_ptr<Backend>* backend) {
  std::unique_ptr<Backend> made(new Backend);
  JfBackendFunctions& table = made->functions_;
  if (!ReadSized(functions, &table) || table.open == nullptr || table.capabilities == nullptr ||
      table.load == nullptr) {
    return BadTable("the backend");
  }
  JfProgramFunctions& program = made->program_functions_;
  if (!ReadSized(table.program, &program) || program.destroy == nullptr ||
      program.input_count == nullptr || program.output_count == nullptr ||
      program.describe_input == nullptr || program.describe_output == nullptr ||
      program.new_context == nullptr) {
    return BadTable("programs");
  }
  JfContextFunctions& context = made->context_functions_;
  if (!ReadSized(table.context, &context) || context.destroy == nullptr ||
      context.submit == nullptr || context.wait == nullptr) {
    return BadTable("contexts");
  }
  JfOpenOptions options = Sized<JfOpenOptions>();
  options.runtime_path = runtime_path.c_str();
  JfError error = Sized<JfError>();
  Status status = StatusOf(table.open(&options, &made->backend_, &error), error);
  if (status.ok()) status = made->AskCapabilities();
  if (status.ok()) *backend = std::move(made);
  return status;
}

Status Backend::AskCapabilities() {
  JfCapabilities told = Sized<JfCapabilities>();
  JfError error = Sized<JfError>();
  const Status status = StatusOf(functions_.capabilities(backend_, &told, &error), error);
  if (!status.ok()) return status;
  if (told.name != nullptr) capabilities_.name = told.name;
  if (told.vendor_version != nullptr) capabilities_.vendor_version = told.vendor_version;
  capabilities_.accelerators.assign(told.accelerators, told.accelerators + told.accelerator_count);
  capabilities_.preprocessors.assign(told.preprocessors,
                                     told.preprocessors + told.preprocessor_count);
  capabilities_.builds = (told.features & JF_BUILDS) != 0 && functions_.build != nullptr;
  capabilities_.reports_layers = (told.features & JF_REPORTS_LAYERS) != 0;
  capabilities_.only_builds = (told.features & JF_ONLY_BUILDS) != 0;
  capabilities_.cancels_at_once = (told.features & JF_CANCELS_AT_ONCE) != 0;
  capabilities_.takes_nvmm = (told.features & JF_TAKES_NVMM) != 0;
  capabilities_.tickets = std::max(told.tickets, 1U);
  // Of an older backend, or one that does not know them all, nothing is known.
  if (told.device_name != nullptr && told.compute_capability > 0 && told.multiprocessors > 0) {
    capabilities_.gpu = {told.device_name, told.compute_capability, told.multiprocessors};
  }
  capabilities_.no_gpu = Text(told.no_device);
  return Status::Ok();
}

Status Backend::Load(const LoadOptions& asked, std::shared_ptr<Program>* program) {
  JfLoadOptions options = Sized<JfLoadOptions>();
  options.path = asked.path.c_str();
  options.threads = asked.threads;
  options.accelerator = OrNull(asked.accelerator);
  options.engine_key = OrNull(asked.engine_key);
  options.mac_key = asked.mac_key.data();
  options.mac_key_bytes = static_cast<std::uint32_t>(asked.mac_key.size());
  JfError error = Sized<JfError>();
  JfProgram* loaded = nullptr;
  const Status status = StatusOf(functions_.load(backend_, &options, &loaded, &error), error);
  if (status.ok()) {
    *program = std::make_shared<Program>(program_functions_, context_functions_, loaded);
  }
  return status;
}

BufferRef Backend::Allocate(MemoryKind kind, std::size_t bytes) const {
  if (functions_.allocate == nullptr || functions_.release == nullptr) return nullptr;
  void* data = nullptr;
  const std::int32_t code = functions_.allocate(backend_, JfMemoryOf(kind), bytes, &data, nullptr);
  if (code != JF_OK || data == nullptr) return nullptr;
  return std::make_shared<LentBuffer>(functions_, backend_, kind, bytes, data);
}

Status Backend::Build(const BuildOptions& options, const BuildEvents& events) {
  if (!capabilities_.builds) {
    return Status::Error(ErrorCode::kInternal, "Expected a backend that builds engines but " +
                                                   capabilities_.name + " runs models as they are");
  }
  JfBuildOptions asked = Sized<JfBuildOptions>();
  asked.model_path = options.model_path.c_str();
  asked.engine_path = options.engine_path.c_str();
  asked.accelerator = OrNull(options.accelerator);
  asked.precision = OrNull(options.precision);
  asked.threads = options.threads;
  asked.flags = (options.allow_tf32 ? std::uint32_t{JF_ALLOW_TF32} : 0U) |
                (options.gpu_fallback ? std::uint32_t{JF_GPU_FALLBACK} : 0U) |
                (options.min_max_ranges ? std::uint32_t{JF_MIN_MAX_RANGES} : 0U);
  asked.workspace_bytes = options.workspace_bytes;
  asked.dla_managed_sram_bytes = options.dla_managed_sram_bytes;
  asked.dla_local_dram_bytes = options.dla_local_dram_bytes;
  asked.dla_global_dram_bytes = options.dla_global_dram_bytes;
  asked.tactic_shared_memory_bytes = options.tactic_shared_memory_bytes;
  std::vector<const char*> float32_nodes;
  float32_nodes.reserve(options.float32_nodes.size());
  for (const std::string& node : options.float32_nodes) float32_nodes.push_back(node.c_str());
  asked.float32_nodes = float32_nodes.data();
  asked.float32_node_count = static_cast<std::uint32_t>(float32_nodes.size());
  asked.effort = options.effort;
  const std::vector<JfShapeRange> ranges = JfRangesOf(options.shapes);
  std::vector<const JfShapeRange*> range_pointers;
  range_pointers.reserve(ranges.size());
  for (const JfShapeRange& range : ranges) range_pointers.push_back(&range);
  asked.shapes = range_pointers.data();
  asked.shape_count = static_cast<std::uint32_t>(ranges.size());
  asked.calibration_table_path = OrNull(options.calibration_table_path);
  asked.calibration_data_path = OrNull(options.calibration_data_path);
  asked.timing_cache_path = OrNull(options.timing_cache_path);
  asked.engine_key = OrNull(options.engine_key);
  asked.mac_key = options.mac_key.data();
  asked.mac_key_bytes = static_cast<std::uint32_t>(options.mac_key.size());
  asked.compute_capability = options.compute_capability;
  JfBuildEvents listener = Sized<JfBuildEvents>();
  listener.user = const_cast<BuildEvents*>(&events);
  listener.progress = [](void* user, double share, const char* step) {
    const auto& to = static_cast<const BuildEvents*>(user)->progress;
    if (to) to(share, step == nullptr ? "" : step);
  };
  listener.cancelled = [](void* user) -> std::int32_t {
    const auto& to = static_cast<const BuildEvents*>(user)->cancelled;
    return to && to() ? 1 : 0;
  };
  listener.layer = [](void* user, const JfLayer* told) {
    const auto& to = static_cast<const BuildEvents*>(user)->layer;
    JfLayer layer;
    if (!to || !ReadSized(told, &layer)) return;
    to({Text(layer.name), Text(layer.type), Text(layer.accelerator), Text(layer.reason)});
  };
  listener.problem = [](void* user, const JfProblem* told) {
    const auto& to = static_cast<const BuildEvents*>(user)->problem;
    JfProblem problem;
    if (!to || !ReadSized(told, &problem)) return;
    to({problem.severity == JF_ERROR, Text(problem.node), Text(problem.op), Text(problem.message)});
  };
  JfError error = Sized<JfError>();
  return StatusOf(functions_.build(backend_, &asked, &listener, &error), error);
}

Status Backend::CompileKernels(const std::string& folder, std::uint32_t compute_capability) {
  if (functions_.compile_kernels == nullptr) {
    return Status::Error(ErrorCode::kInternal,
                         "The backend " + capabilities_.name + " has no kernels of its own");
  }
  JfError error = Sized<JfError>();
  return StatusOf(functions_.compile_kernels(backend_, folder.c_str(), compute_capability, &error),
                  error);
}

}  // namespace jetfleet
