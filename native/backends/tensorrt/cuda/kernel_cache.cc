#include "backends/tensorrt/cuda/kernel_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

namespace jetfleet::cuda {
namespace {

/// First line of a kept kernel; changes with the format and with the options of `Nvrtc::Compile`.
constexpr const char* kFormat = "jetfleet kernel 2\n";

/// FNV-1a, 64 bits: told apart, not defended. The folder is the device's own.
std::uint64_t Checksum(const char* data, std::size_t size) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < size; ++i) {
    sum = (sum ^ static_cast<unsigned char>(data[i])) * 0x100000001b3;
  }
  return sum;
}

std::string Hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016" PRIx64, value);
  return text;
}

std::string KeyOf(const KernelSource& source, int capability) {
  return std::string(kFormat) + source.name + " sm_" + std::to_string(capability) + "\n" +
         source.text;
}

/// Digits of a checksum.
constexpr std::size_t kDigits = 16;

/// What follows the key and a NUL: a checksum of the rest, then which NVRTC it was and a NUL, then
/// the kernel.
std::string Packed(const std::string& key, const std::string& compiler,
                   const KernelBinary& binary) {
  const std::string rest = compiler + '\0' + std::string(binary.begin(), binary.end());
  return key + '\0' + Hex(Checksum(rest.data(), rest.size())) + rest;
}

/// Empty, and `why` says so, when the file is not what it should be.
KernelBinary Parse(const std::string& file, const std::string& key, const char** why) {
  *why = "it is of another source, GPU or version";
  if (file.compare(0, key.size() + 1, key + '\0') != 0) return {};
  const std::size_t from = key.size() + 1 + kDigits;
  *why = "it was cut off or altered";
  if (file.size() <= from) return {};
  const std::string sum = Hex(Checksum(file.data() + from, file.size() - from));
  const std::size_t end = file.find('\0', from);
  if (file.compare(key.size() + 1, kDigits, sum) != 0 || end == std::string::npos) return {};
  return KernelBinary(file.begin() + static_cast<std::ptrdiff_t>(end) + 1, file.end());
}

std::string PathIn(const std::string& folder, const KernelSource& source, const std::string& key,
                   int capability) {
  return folder + "/" + source.name + "-sm" + std::to_string(capability) + "-" +
         Hex(Checksum(key.data(), key.size())) + ".kernel";
}

/// Empty where there is none, or none that can be taken, which is said.
KernelBinary Kept(const std::string& path, const std::string& key) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return {};
  const std::string kept{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const char* why = nullptr;
  KernelBinary binary = Parse(kept, key, &why);
  if (binary.empty()) std::fprintf(stderr, "%s is not taken, for %s\n", path.c_str(), why);
  return binary;
}

/// With those above it. What cannot be made shows when something is kept there. Not by
/// <filesystem>, which the compiler of JetPack 4 (GCC 7) does not have.
void MakeFolders(const std::string& folder) {
  for (std::size_t end = folder.find('/', 1); end != std::string::npos;
       end = folder.find('/', end + 1)) {
    mkdir(folder.substr(0, end).c_str(), 0777);
  }
  mkdir(folder.c_str(), 0777);
}

/// Whole or not at all; false when it could not be written.
bool Keep(const std::string& path, const std::string& text) {
  const std::string part = path + "." + std::to_string(getpid()) + ".part";
  const int file = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return false;
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t some = write(file, text.data() + written, text.size() - written);
    if (some <= 0) break;
    written += static_cast<std::size_t>(some);
  }
  const bool whole = written == text.size() && fsync(file) == 0;
  const bool closed = close(file) == 0;
  if (whole && closed && rename(part.c_str(), path.c_str()) == 0) return true;
  unlink(part.c_str());
  return false;
}

}  // namespace

std::string KernelCache::PathOf(const KernelSource& source, int capability) const {
  return PathIn(folder_, source, KeyOf(source, capability), capability);
}

const KernelCache& TheKernelCache() {
  const auto of = [](const char* name) {
    // Nothing of ours changes the environment.
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return std::string(value == nullptr ? "" : value);
  };
  const auto own = [&of]() -> std::string {
    if (!of("XDG_CACHE_HOME").empty()) return of("XDG_CACHE_HOME") + "/jetfleet/kernels";
    return of("HOME").empty() ? "" : of("HOME") + "/.cache/jetfleet/kernels";
  };
  static const KernelCache cache(own(), of("JETFLEET_KERNELS"));
  return cache;
}

KernelBinary KernelCache::Get(const KernelSource& source, int capability) const {
  const std::string key = KeyOf(source, capability);
  for (const std::string& folder : {given_, folder_}) {
    if (folder.empty()) continue;
    KernelBinary binary = Kept(PathIn(folder, source, key, capability), key);
    if (!binary.empty()) return binary;
  }
  const Nvrtc& nvrtc = Nvrtc::Get();
  KernelBinary binary = nvrtc.Compile(source.name, source.text, capability);
  if (folder_.empty()) return binary;
  MakeFolders(folder_);
  Keep(PathIn(folder_, source, key, capability), Packed(key, nvrtc.version(), binary));
  return binary;
}

void KernelCache::Compile(const KernelSource& source, int capability) const {
  const Nvrtc& nvrtc = Nvrtc::Get();
  const KernelBinary binary = nvrtc.Compile(source.name, source.text, capability);
  const std::string path = PathOf(source, capability);
  if (Keep(path, Packed(KeyOf(source, capability), nvrtc.version(), binary))) return;
  throw Failure(JF_INTERNAL, "Cannot write " + path + ": look at the space in that folder");
}

}  // namespace jetfleet::cuda
