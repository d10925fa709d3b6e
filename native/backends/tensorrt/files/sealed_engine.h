#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jetfleet {

/// An engine as it lies on the disk:
///
///     "JFENGINE"  8 bytes
///     1           u32, version of this layout
///     flags       u32, 1: signed
///     key, notes, plan: u64 each, how many bytes they have
///     key         what the engine was made of and for (UTF-8)
///     notes       the vendor's description of it (JSON), may be empty
///     plan        what the vendor's library reads
///     digest      SHA-256 of all before
///     signature   HMAC-SHA-256 of all before, by a key that only the device has; or zeros
///
/// Numbers are little-endian. Nothing of the plan reaches the vendor's library before the digest,
/// the key and the signature are as they should be: that library trusts its input.
struct EngineParts {
  std::string_view key;
  std::string_view notes;
  std::string_view plan;
};

/// A secret of the device; empty: none.
struct MacKey {
  const std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
};

/// Writes it whole or not at all. Throws Failure.
void WriteEngine(const std::string& path, const EngineParts& parts, MacKey mac);

/// An engine that was found to be as it should be. The parts are views into `bytes`.
struct SealedEngine {
  std::vector<char> bytes;
  EngineParts parts;
};

/// Throws Failure JF_MODEL_INVALID for what is no engine, truncated or altered, and JF_UNSUPPORTED
/// for one that was made for another key than `expected_key` (null: any).
SealedEngine ReadEngine(const std::string& path, const char* expected_key, MacKey mac);

/// The bytes of a file. Throws Failure JF_MODEL_INVALID, with `what` it should have been, or when
/// it has more than `most` bytes, with `remedy`.
std::vector<char> ReadWholeFile(const std::string& path, const std::string& what,
                                std::uint64_t most = UINT64_MAX, const std::string& remedy = "");

/// Writes a file whole or not at all. Throws Failure JF_INTERNAL with the system's word for why
/// not.
void WriteWholeFile(const std::string& path, const std::vector<std::string_view>& pieces,
                    const std::string& what);

}  // namespace jetfleet
