#include "backends/tensorrt/library.h"

#include <dirent.h>
#include <dlfcn.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "backends/dl_error.h"
#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/cuda/owners.h"
#include "backends/tensorrt/log.h"

namespace jetfleet::tensorrt {
namespace {

using MakeObject = void* (*)(void* logger, std::int32_t version);
using MakeParser = void* (*)(void* network, void* logger, int version);

bool IsFolder(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

std::string FolderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

/// "libnvinfer.so.": what every version's file begins with.
std::string Stem() { return kLibraryFile.substr(0, kLibraryFile.rfind('.') + 1); }

/// Files of the library in a folder, ours first: opening another version is avoided where a name
/// already tells.
std::vector<std::string> CandidatesIn(const std::string& folder) {
  std::vector<std::string> names;
  DIR* const opened = opendir(folder.c_str());
  if (opened == nullptr) return names;
  // The answer is per directory stream, and this one is ours alone.
  while (const dirent* entry = readdir(opened)) {  // NOLINT(concurrency-mt-unsafe)
    const std::string name = entry->d_name;
    if (name.rfind(Stem(), 0) == 0) names.push_back(name);
  }
  closedir(opened);
  const std::string ours = kLibraryFile + "." + std::to_string(kHeaders.minor);
  const auto rank = [&](const std::string& name) {
    if (name.rfind(ours, 0) == 0) return 0;
    return name == kLibraryFile ? 1 : 2;
  };
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return std::make_pair(rank(a), a) < std::make_pair(rank(b), b);
  });
  for (std::string& name : names) name.insert(0, folder + "/");
  return names;
}

/// Several names of one file are one candidate.
std::string RealPath(const std::string& path) {
  char* const resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string real = resolved;
  std::free(resolved);  // NOLINT(cppcoreguidelines-no-malloc): realpath allocates with malloc
  return real;
}

/// POSIX guarantees that a data pointer from dlsym can be called.
template <typename Function>
Function Find(void* handle, const char* symbol) {
  return reinterpret_cast<Function>(dlsym(handle, symbol));
}

/// Of a library that is opened; nothing but its version is asked.
Version VersionOf(void* handle) {
  const auto ask = Find<std::int32_t (*)()>(handle, "getInferLibVersion");
  return ask == nullptr ? Version{} : UnpackVersion(ask());
}

std::string Ours() {
  return std::string(kVendorName) + " " + std::to_string(kHeaders.major) + "." +
         std::to_string(kHeaders.minor);
}

#if !JF_TRT_RTX
/// A helper library beside the main one, which others find by its SONAME once it is open. When it
/// cannot be opened, whoever needs it says so.
void* OpenBeside(const std::string& folder, const std::string& name) {
  return dlopen((folder + name).c_str(), RTLD_LAZY | RTLD_LOCAL);
}
#endif

void ThrowIfShort(const std::string& what) {
  constexpr std::size_t kLittle = std::size_t{128} << 20U;
  if (!TheLog().SpeaksOfMemory() && cuda::FreeBytes() >= kLittle) return;
  throw Failure(JF_OUT_OF_MEMORY, "Not enough memory of the GPU for a " + what + " of " + Ours() +
                                      "; stop what else uses it: " + TheLog().Errors());
}

/// Calls one of the library's functions that make a builder or a runtime. Throws Failure, and what
/// the library throws: 10.6 does.
void* MakeObjectOf(MakeObject make, const std::string& path, const std::string& what) {
  TheLog().Clear();
  void* made = nullptr;
  try {
    if (make != nullptr) made = make(&TheLog(), NV_TENSORRT_VERSION);
  } catch (...) {
    ThrowIfShort(what);
    throw;
  }
  if (made != nullptr) return made;
  ThrowIfShort(what);
  throw Failure(JF_LIBRARY,
                Ours() + " at " + path + " makes no " + what + ": " + TheLog().Errors());
}

/// The vendor's own plugins, which some operators are made of and engines may hold.
void RegisterPlugins(const std::string& folder) {
#if !JF_TRT_RTX
  static std::once_flag once;
  std::call_once(once, [&] {
    void* const library =
        OpenBeside(folder, "libnvinfer_plugin.so." + std::to_string(kHeaders.major));
    if (library == nullptr) return;
    const auto add = Find<bool (*)(void*, const char*)>(library, "initLibNvInferPlugins");
    if (add != nullptr) add(&TheLog(), "");
  });
#endif
}

}  // namespace

Library::Library(void* handle, std::string path, Version version)
    : handle_(handle), path_(std::move(path)), version_text_(version.Text()) {}

std::unique_ptr<Library> Library::Open(const std::string& path) {
  std::vector<std::string> candidates = {path.empty() ? kLibraryFile : path};
  if (IsFolder(path)) candidates = CandidatesIn(path);
  std::string others;
  std::vector<std::string> seen;
  for (const std::string& candidate : candidates) {
    const std::string real =
        candidate.find('/') == std::string::npos ? candidate : RealPath(candidate);
    if (std::find(seen.begin(), seen.end(), real) != seen.end()) continue;
    seen.push_back(real);
    void* const handle = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
    std::string why;
    if (handle == nullptr) {
      why = DlError();
    } else {
      const Version version = VersionOf(handle);
      if (IsOurGeneration(version)) {
        return std::unique_ptr<Library>(new Library(handle, candidate, version));
      }
      why = candidate + (version.major == 0 ? std::string(" is no ") + kVendorName + " library"
                                            : " is version " + version.Text());
      dlclose(handle);
    }
    others += (others.empty() ? "" : "; ") + why;
  }
  if (others.empty()) others = path + " holds no " + Stem() + "*";
  throw Failure(JF_LIBRARY, "Expected " + Ours() + ", which this backend was compiled for, but " +
                                others + ". Install " + kPackages +
                                ", or compile the backend against this version's headers");
}

std::unique_ptr<nvinfer1::IBuilder> Library::NewBuilder() const {
#if !JF_TRT_RTX
  // Kernels of the builder's own, which it looks for by SONAME.
  OpenBeside(FolderOf(path_), "libnvinfer_builder_resource.so." + version_text_);
#endif
  const auto make = Find<MakeObject>(handle_, "createInferBuilder_INTERNAL");
  return std::unique_ptr<nvinfer1::IBuilder>(
      static_cast<nvinfer1::IBuilder*>(MakeObjectOf(make, path_, "builder")));
}

std::unique_ptr<nvinfer1::IRuntime> Library::NewRuntime() const {
  RegisterPlugins(FolderOf(path_));
  const auto make = Find<MakeObject>(handle_, "createInferRuntime_INTERNAL");
  return std::unique_ptr<nvinfer1::IRuntime>(
      static_cast<nvinfer1::IRuntime*>(MakeObjectOf(make, path_, "runtime")));
}

std::unique_ptr<nvonnxparser::IParser> Library::NewParser(
    nvinfer1::INetworkDefinition& network) const {
  const std::string folder = FolderOf(path_);
  RegisterPlugins(folder);
  const std::string file = folder + kParserFile;
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Failure(JF_LIBRARY, "Cannot open the ONNX parser of " + Ours() + ": " + DlError() +
                                  ". Install " + kPackages);
  }
  const auto make = Find<MakeParser>(library, "createNvOnnxParser_INTERNAL");
  void* const made = make == nullptr ? nullptr : make(&network, &TheLog(), NV_ONNX_PARSER_VERSION);
  if (made == nullptr) {
    throw Failure(JF_LIBRARY, file + " makes no parser: " + TheLog().Errors());
  }
  return std::unique_ptr<nvonnxparser::IParser>(static_cast<nvonnxparser::IParser*>(made));
}

}  // namespace jetfleet::tensorrt
