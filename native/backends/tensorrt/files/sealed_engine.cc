#include "backends/tensorrt/files/sealed_engine.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

#include "backends/draft.h"
#include "backends/tensorrt/cuda/failure.h"
#include "backends/tensorrt/files/sha256.h"

namespace jetfleet {
namespace {

constexpr std::string_view kMagic = "JFENGINE";
constexpr std::uint32_t kLayout = 1;
constexpr std::uint32_t kSigned = 1;
constexpr std::size_t kHead = 8 + 4 + 4 + 3 * 8;
constexpr std::size_t kTail = 2 * sizeof(Digest);

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string Reason(int error) { return std::generic_category().message(error); }

void Put(std::string* to, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) *to += static_cast<char>(value >> (8 * i));
}

std::uint64_t Get(const char* from, unsigned bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(from[i])) << (8 * i);
  }
  return value;
}

const std::uint8_t* Bytes(const char* at) { return reinterpret_cast<const std::uint8_t*>(at); }

[[noreturn]] void Refuse(const std::string& path, const std::string& why) {
  throw Failure(JF_MODEL_INVALID, "Expected an engine that this device built but " + path + " " +
                                      why + ". Build it again");
}

/// Where two keys first differ, for people.
std::string Difference(std::string_view expected, std::string_view got) {
  const auto line = [](std::string_view text, std::size_t at) {
    const std::size_t from = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    return std::string(text.substr(from, text.find('\n', at) - from));
  };
  std::size_t at = 0;
  while (at < expected.size() && at < got.size() && expected[at] == got[at]) ++at;
  const auto part = [&](std::string_view text) {
    return at < text.size() ? line(text, at) : std::string("nothing more");
  };
  return "Expected an engine for \"" + part(expected) + "\" but got one for \"" + part(got) + "\"";
}

}  // namespace

std::vector<char> ReadWholeFile(const std::string& path, const std::string& what,
                                std::uint64_t most, const std::string& remedy) {
  const auto refuse = [&](const std::string& why) {
    throw Failure(JF_MODEL_INVALID, "Expected " + what + " at " + path + " but " + why);
  };
  struct stat found {};
  const File file(std::fopen(path.c_str(), "rbe"));
  if (file == nullptr || fstat(fileno(file.get()), &found) != 0) refuse(Reason(errno));
  if (!S_ISREG(found.st_mode)) refuse("it is no file");
  if (static_cast<std::uint64_t>(found.st_size) > most) {
    refuse("it has " + std::to_string(found.st_size) + " bytes, more than " + std::to_string(most) +
           remedy);
  }
  std::vector<char> bytes(static_cast<std::size_t>(found.st_size));
  if (std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) {
    refuse("it ends before it should");
  }
  return bytes;
}

void WriteWholeFile(const std::string& path, const std::vector<std::string_view>& pieces,
                    const std::string& what) {
  const auto fail = [&](int error) {
    const char* remedy = error == ENOSPC ? ". Make room on the disk" : "";
    throw Failure(JF_INTERNAL, "Cannot write " + what + " " + path + ": " + Reason(error) + remedy);
  };
  Draft draft(path + ".part");
  {
    File file(std::fopen(draft.path().c_str(), "wbe"));
    if (file == nullptr) fail(errno);
    for (const std::string_view piece : pieces) {
      if (std::fwrite(piece.data(), 1, piece.size(), file.get()) != piece.size()) fail(errno);
    }
    // Closing flushes, and may find the disk full.
    if (std::fclose(file.release()) != 0) fail(errno);
  }
  if (!draft.Keep(path)) fail(errno);
}

void WriteEngine(const std::string& path, const EngineParts& parts, MacKey mac) {
  std::string head(kMagic);
  Put(&head, kLayout, 4);
  Put(&head, mac.size > 0 ? kSigned : 0, 4);
  for (const std::string_view part : {parts.key, parts.notes, parts.plan}) {
    Put(&head, part.size(), 8);
  }
  std::vector<char> content(head.begin(), head.end());
  for (const std::string_view part : {parts.key, parts.notes, parts.plan}) {
    content.insert(content.end(), part.begin(), part.end());
  }
  const Digest digest = Sha256Of(content.data(), content.size());
  content.insert(content.end(), digest.begin(), digest.end());
  Digest signature{};
  if (mac.size > 0) signature = HmacSha256(mac.bytes, mac.size, content.data(), content.size());
  content.insert(content.end(), signature.begin(), signature.end());
  WriteWholeFile(path, {{content.data(), content.size()}}, "the engine");
}

SealedEngine ReadEngine(const std::string& path, const char* expected_key, MacKey mac) {
  SealedEngine engine;
  engine.bytes = ReadWholeFile(path, "an engine");
  const char* const data = engine.bytes.data();
  const std::size_t size = engine.bytes.size();
  if (size < kMagic.size() || std::memcmp(data, kMagic.data(), kMagic.size()) != 0) {
    Refuse(path, "is none: it does not begin with " + std::string(kMagic));
  }
  if (size < kHead + kTail) Refuse(path, "is truncated");
  if (Get(data + 8, 4) != kLayout) {
    Refuse(path,
           "has layout " + std::to_string(Get(data + 8, 4)) + ", not " + std::to_string(kLayout));
  }
  std::uint64_t left = size - kHead - kTail;
  std::array<std::uint64_t, 3> sizes{};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    sizes[i] = Get(data + 16 + 8 * i, 8);
    if (sizes[i] > left) Refuse(path, "is truncated");
    left -= sizes[i];
  }
  if (left != 0) Refuse(path, "is longer than it says");
  const std::size_t content = size - kTail;
  const Digest digest = Sha256Of(data, content);
  if (!SameDigest(digest.data(), Bytes(data + content))) Refuse(path, "was altered");
  const char* at = data + kHead;
  engine.parts.key = {at, static_cast<std::size_t>(sizes[0])};
  engine.parts.notes = {at + sizes[0], static_cast<std::size_t>(sizes[1])};
  engine.parts.plan = {at + sizes[0] + sizes[1], static_cast<std::size_t>(sizes[2])};
  if (mac.size > 0) {
    if ((Get(data + 12, 4) & kSigned) == 0) Refuse(path, "is not signed");
    const std::size_t signed_bytes = content + sizeof(Digest);
    const Digest signature = HmacSha256(mac.bytes, mac.size, data, signed_bytes);
    if (!SameDigest(signature.data(), Bytes(data + signed_bytes))) {
      Refuse(path, "was signed by another device");
    }
  }
  if (expected_key != nullptr && engine.parts.key != expected_key) {
    throw Failure(JF_UNSUPPORTED,
                  Difference(expected_key, engine.parts.key) + " at " + path + ". Build it again");
  }
  return engine;
}

}  // namespace jetfleet
