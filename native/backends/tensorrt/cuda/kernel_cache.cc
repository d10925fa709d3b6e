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
constexpr const char* kFormat = "jetfleet kernel 1\n";

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

/// Key, NUL, checksum of what follows in 16 digits, the kernel. Empty when it is not that.
KernelBinary Parse(const std::string& file, const std::string& key) {
  constexpr std::size_t kDigits = 16;
  const std::size_t head = key.size() + 1 + kDigits;
  if (file.size() <= head || file.compare(0, key.size(), key) != 0 || file[key.size()] != '\0') {
    return {};
  }
  const std::string sum = Hex(Checksum(file.data() + head, file.size() - head));
  if (file.compare(key.size() + 1, kDigits, sum) != 0) return {};
  return KernelBinary(file.begin() + static_cast<std::ptrdiff_t>(head), file.end());
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
bool Keep(const std::string& path, const std::string& key, const KernelBinary& binary) {
  const std::string part = path + "." + std::to_string(getpid()) + ".part";
  const std::string text = key + '\0' + Hex(Checksum(binary.data(), binary.size())) +
                           std::string(binary.begin(), binary.end());
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
  const std::string key = KeyOf(source, capability);
  return folder_ + "/" + source.name + "-sm" + std::to_string(capability) + "-" +
         Hex(Checksum(key.data(), key.size())) + ".kernel";
}

const KernelCache& TheKernelCache() {
  static const KernelCache cache([]() -> std::string {
    const auto of = [](const char* name) {
      // Nothing of ours changes the environment.
      const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
      return std::string(value == nullptr ? "" : value);
    };
    if (!of("JETFLEET_KERNELS").empty()) return of("JETFLEET_KERNELS");
    if (!of("XDG_CACHE_HOME").empty()) return of("XDG_CACHE_HOME") + "/jetfleet/kernels";
    return of("HOME").empty() ? "" : of("HOME") + "/.cache/jetfleet/kernels";
  }());
  return cache;
}

KernelBinary KernelCache::Get(const KernelSource& source, int capability) const {
  if (folder_.empty()) return Nvrtc::Get().Compile(source.name, source.text, capability);
  const std::string path = PathOf(source, capability);
  const std::string key = KeyOf(source, capability);
  std::ifstream file(path, std::ios::binary);
  const std::string kept{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  KernelBinary binary = Parse(kept, key);
  if (!binary.empty()) return binary;
  binary = Nvrtc::Get().Compile(source.name, source.text, capability);
  MakeFolders(folder_);
  Keep(path, key, binary);
  return binary;
}

}  // namespace jetfleet::cuda
