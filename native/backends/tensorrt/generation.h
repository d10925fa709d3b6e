#pragma once

#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <cstdint>
#include <memory>
#include <string>

/// The one place that knows which TensorRT this is compiled against. One shared object is made per
/// generation; whatever differs between them is told here, by names that the rest uses.
///
/// Which have what: facts of the headers 8.2.1, 8.5.3, 8.6.1, 10.3 to 10.13, 11.4 and TensorRT-RTX
/// 1.3 and 1.7.
// TensorRT-RTX counts from 1; its headers alone say so by name.
#ifdef TRT_MAJOR_RTX
#define JF_TRT_RTX 1
#else
#define JF_TRT_RTX 0
#endif
/// Everything that the full TensorRT has from that version on, and TensorRT-RTX too.
#define JF_TRT_FROM(major, minor) \
  (JF_TRT_RTX || NV_TENSORRT_MAJOR * 100 + NV_TENSORRT_MINOR >= (major)*100 + (minor))

/// Tensors are addressed by name, and memory pools have limits (8.4).
#define JF_TRT_NAMED_TENSORS JF_TRT_FROM(8, 5)
/// Limits of a DLA's pools (8.4), and of what kernels share within a block (8.6 and 10).
#define JF_TRT_DLA_POOLS JF_TRT_NAMED_TENSORS
#define JF_TRT_TACTIC_SHARED_MEMORY JF_TRT_FROM(10, 0)
/// Builder optimisation level.
#define JF_TRT_EFFORT JF_TRT_FROM(8, 6)
/// IProgressMonitor; parser errors that name their node; INT64.
#define JF_TRT_PROGRESS JF_TRT_FROM(10, 0)
/// Types are what the model says: no precision flags, no calibrators. TensorRT-RTX 1.3 still has
/// the flags' names, to no effect.
#define JF_TRT_STRONGLY_TYPED (JF_TRT_RTX || NV_TENSORRT_MAJOR >= 11)
/// Engines for another GPU than this machine's.
#define JF_TRT_CROSS_BUILDS JF_TRT_RTX

namespace jetfleet::tensorrt {

#if JF_TRT_RTX
inline constexpr char kBackendName[] = "tensorrt-rtx";
inline constexpr char kVendorName[] = "TensorRT-RTX";
#else
inline constexpr char kBackendName[] = "tensorrt";
inline constexpr char kVendorName[] = "TensorRT";
#endif

/// A version as the library packs it into one number (`getInferLibVersion`): by thousands until
/// TensorRT 9, by ten thousands since.
struct Version {
  std::int32_t major = 0;
  std::int32_t minor = 0;
  std::int32_t patch = 0;

  std::string Text() const {
    return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  }
};

constexpr Version UnpackVersion(std::int32_t packed) {
  if (packed < 10000) return {packed / 1000, packed / 100 % 10, packed % 100};
  return {packed / 10000, packed / 100 % 100, packed % 100};
}

inline constexpr Version kHeaders{NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR, NV_TENSORRT_PATCH};

/// Whether tables of virtual functions are those of our headers. 10.x only ever adds to their
/// ends; all others move functions from minor to minor.
constexpr bool IsOurGeneration(Version library) {
  if (library.major != kHeaders.major) return false;
  if (!JF_TRT_RTX && kHeaders.major == 10) return library.minor >= kHeaders.minor;
  return library.minor == kHeaders.minor;
}

/// The number in a library's SONAME.
#if JF_TRT_RTX
inline const std::string kLibraryFile = "libtensorrt_rtx.so.1";
inline const std::string kParserFile = "libtensorrt_onnxparser_rtx.so.1";
#else
inline const std::string kLibraryFile = "libnvinfer.so." + std::to_string(NV_TENSORRT_MAJOR);
inline const std::string kParserFile = "libnvonnxparser.so." + std::to_string(NV_TENSORRT_MAJOR);
#endif
/// What to install where the library is missing.
#if JF_TRT_RTX
inline const std::string kPackages =
    "the TensorRT-RTX 1." + std::to_string(NV_TENSORRT_MINOR) + " libraries";
#else
inline const std::string kPackages = "packages libnvinfer" + std::to_string(NV_TENSORRT_MAJOR) +
                                     " and libnvonnxparsers" + std::to_string(NV_TENSORRT_MAJOR);
#endif

/// TensorRT before 8.6 recurses without end when there is no driver; only TensorRT-RTX builds
/// without one.
inline constexpr bool kNeedsDriverToBuild = !JF_TRT_RTX;

constexpr nvinfer1::NetworkDefinitionCreationFlags NetworkFlags() {
  using Flag = nvinfer1::NetworkDefinitionCreationFlag;
#if JF_TRT_STRONGLY_TYPED
  return 1U << static_cast<std::uint32_t>(Flag::kSTRONGLY_TYPED);
#else
  return 1U << static_cast<std::uint32_t>(Flag::kEXPLICIT_BATCH);
#endif
}

inline void SetWorkspace(nvinfer1::IBuilderConfig& config, std::size_t bytes) {
#if JF_TRT_NAMED_TENSORS
  config.setMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE, bytes);
#else
  config.setMaxWorkspaceSize(bytes);
#endif
}

inline void SetEffort(nvinfer1::IBuilderConfig& config, std::int32_t level) {
#if JF_TRT_EFFORT
  config.setBuilderOptimizationLevel(level);
#else
  // Before 8.6 there is one level; fewer timed runs per kernel are the nearest to a lower one.
  if (level < 3) config.setAvgTimingIterations(1);
#endif
}

}  // namespace jetfleet::tensorrt
