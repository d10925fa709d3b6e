// A decoder of the operator's own, behind the C ABI decoders/decoder_abi.h. What it answers is
// checked as if a model had said it.
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <mutex>

#include "core/decode/box_decoder.h"
#include "core/decode/families.h"
#include "core/infer/model_file.h"
#include "decoders/decoder_abi.h"

namespace jetfleet {
namespace {

/// Far above what a picture holds.
constexpr std::uint32_t kMostBoxes = 4096;
constexpr std::size_t kErrorBytes = 512;

Status Refused(const std::string& path, const std::string& what) {
  return Status::Error(ErrorCode::kModelInvalid, "Expected a decoder in " + path + " but " + what);
}

/// By digest. What is opened is never closed: threads of it may be at work. Nor is its file, for
/// the loader takes what has the same name for the same.
struct Opened {
  std::mutex mutex;
  std::map<std::string, const JfdFunctions*> functions;
  std::list<ModelFile> files;
};

Opened& TheOpened() {
  static auto& opened = *new Opened;
  return opened;
}

Status Open(const DecoderOptions& options, const JfdFunctions** functions) {
  Opened& opened = TheOpened();
  const std::lock_guard<std::mutex> lock(opened.mutex);
  const std::string& name =
      options.library_digest.empty() ? options.library : options.library_digest;
  if (const auto found = opened.functions.find(name); found != opened.functions.end()) {
    *functions = found->second;
    return Status::Ok();
  }
  ModelFile& file = opened.files.emplace_back();
  const Status read =
      file.Open(options.library, options.library_digest, ModelFile::Content::kLibrary);
  if (!read.ok()) {
    opened.files.pop_back();
    return read;
  }
  void* const library = dlopen(file.path().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const why = dlerror();  // NOLINT(concurrency-mt-unsafe)
    return Refused(options.library,
                   "it cannot be opened: " + file.Named(why == nullptr ? "no reason given" : why));
  }
  const auto entry = reinterpret_cast<JfdEntry>(dlsym(library, JFD_SYMBOL));
  if (entry == nullptr) return Refused(options.library, "it exports no " JFD_SYMBOL);
  *functions = entry(JFD_ABI_VERSION);
  if (*functions == nullptr || (*functions)->abi_version != JFD_ABI_VERSION) {
    return Refused(options.library,
                   "it is not of version " + std::to_string(JFD_ABI_VERSION) + " of the interface");
  }
  if ((*functions)->struct_size < sizeof(JfdFunctions) || (*functions)->bind == nullptr ||
      (*functions)->decode == nullptr) {
    return Refused(options.library, "it lacks functions of the interface");
  }
  opened.functions[name] = *functions;
  return Status::Ok();
}

JfdTensor TensorOf(const TensorInfo& info) {
  JfdTensor tensor{};
  tensor.struct_size = sizeof(JfdTensor);
  tensor.rank = static_cast<std::int32_t>(info.shape.rank());
  tensor.name = info.name.c_str();
  std::copy(info.shape.begin(), info.shape.end(), tensor.dims);
  if (tensor.rank > 0) tensor.dims[0] = 1;
  return tensor;
}

std::vector<const JfdTensor*> Pointers(const std::vector<JfdTensor>& tensors) {
  std::vector<const JfdTensor*> pointers;
  pointers.reserve(tensors.size());
  for (const JfdTensor& tensor : tensors) pointers.push_back(&tensor);
  return pointers;
}

class LibraryDecoder final : public BoxDecoder {
 public:
  LibraryDecoder(BoxRules rules, const JfdFunctions* functions, std::vector<TensorInfo> outputs)
      : BoxDecoder(std::move(rules)), functions_(functions), outputs_(std::move(outputs)) {
    for (const TensorInfo& output : outputs_) tensors_.push_back(TensorOf(output));
  }
  ~LibraryDecoder() override {
    if (bound_ && functions_->unbind != nullptr) functions_->unbind(state_);
  }
  LibraryDecoder(const LibraryDecoder&) = delete;
  LibraryDecoder& operator=(const LibraryDecoder&) = delete;

  Status Bind(const std::string& path) {
    const std::vector<const JfdTensor*> pointers = Pointers(tensors_);
    JfdModel model{};
    model.struct_size = sizeof(JfdModel);
    model.input_width = input().width;
    model.input_height = input().height;
    model.label_count = static_cast<std::uint32_t>(rules().labels);
    model.output_count = static_cast<std::uint32_t>(pointers.size());
    model.outputs = pointers.data();
    std::array<char, kErrorBytes> error{};
    const std::int32_t code = functions_->bind(&model, &state_, error.data(), kErrorBytes);
    error.back() = '\0';
    bound_ = code == 0;
    if (bound_) return Status::Ok();
    const std::string why = error.front() == '\0' ? "without a reason" : error.data();
    return Refused(path, "it refuses the model: " + why);
  }

 private:
  void Boxes(const Numbers& outputs, float min_score,
             std::vector<Detection>* found) const override {
    std::vector<JfdTensor> tensors = tensors_;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      tensors[i].values = outputs[i];
      tensors[i].count = outputs.count(i);
    }
    const std::vector<const JfdTensor*> pointers = Pointers(tensors);
    std::vector<JfdBox> boxes(kMostBoxes);
    const std::int32_t count =
        functions_->decode(state_, pointers.data(), static_cast<std::uint32_t>(pointers.size()),
                           min_score, boxes.data(), kMostBoxes);
    const auto kept = static_cast<std::size_t>(
        std::clamp<std::int32_t>(count, 0, static_cast<std::int32_t>(kMostBoxes)));
    for (std::size_t i = 0; i < kept; ++i) {
      const JfdBox& box = boxes[i];
      if (!(box.score >= min_score)) continue;
      found->push_back({{box.left, box.top, box.width, box.height}, box.score, box.label});
    }
  }

  const JfdFunctions* const functions_;
  const std::vector<TensorInfo> outputs_;
  std::vector<JfdTensor> tensors_;
  void* state_ = nullptr;
  bool bound_ = false;
};

}  // namespace

Status BindLibrary(const DecoderOptions& options, const ModelIo& io,
                   std::unique_ptr<OutputDecoder>* decoder) {
  if (options.library.empty()) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected the path of a shared object for decoder library but got none");
  }
  const JfdFunctions* functions = nullptr;
  Status status = Open(options, &functions);
  if (!status.ok()) return status;
  BoxRules rules = BoxRules::Of(options, io, PreprocessSpec::YoloCentred());
  rules.dense = false;
  if ((functions->flags & JFD_CHOSEN) != 0) rules.merge = BoxRules::Merge::kNone;
  auto made = std::make_unique<LibraryDecoder>(std::move(rules), functions, io.outputs());
  status = made->Bind(options.library);
  if (status.ok()) *decoder = std::move(made);
  return status;
}

}  // namespace jetfleet
