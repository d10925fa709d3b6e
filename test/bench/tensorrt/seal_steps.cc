#include <fstream>
#include <iterator>

#include "steps.h"

namespace jetfleet::bench {
namespace {

using Bytes = std::string;

Bytes Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

/// An engine that another process built, with `key` and `mac`: loads by both, and is refused with
/// another of either, with one byte changed in its key, notes, plan, digest or signature, cut short
/// and lengthened; and so is `foreign`, an engine that another version made, where it is given, by
/// its key, and by the vendor's library where no key is asked for.
Figures SealStep(const Backend& backend, const Arguments& arguments) {
  const std::string path = arguments.Get("engine");
  const Seal right{arguments.Get("key"), arguments.Get("mac")};
  Figures figures;
  const auto tried = [&](const std::string& name, const std::string& file, const Seal& seal) {
    try {
      const Engine engine(backend, file, seal);
      backend.table().context->destroy(engine.NewContext());
      figures.Add(name, "works");
    } catch (const Refusal& refusal) {
      figures.Add(name, "code " + std::to_string(refusal.code) + ": " + refusal.message);
    }
  };
  tried("ofAnotherProcess", path, right);
  tried("anotherKey", path, {right.key + "x", right.mac_key});
  tried("anotherMac", path, {right.key, right.mac_key + "x"});
  const Bytes whole = Read(path);
  const std::string copy = path + ".altered";
  const auto changed = [&](const std::string& name, const Bytes& bytes) {
    std::ofstream(copy, std::ios::binary) << bytes;
    tried(name, copy, right);
  };
  const auto flipped = [&](const std::string& name, std::size_t at) {
    Bytes bytes = whole;
    bytes.at(at) = static_cast<char>(bytes[at] ^ 1);
    changed(name, bytes);
  };
  // files/sealed_engine.h: 40 bytes, key, notes, plan, 32 of digest, 32 of signature.
  flipped("keyAltered", 40);
  flipped("notesAltered", 40 + right.key.size());
  flipped("planAltered", whole.size() - 64 - 1000);
  flipped("digestAltered", whole.size() - 64);
  flipped("signatureAltered", whole.size() - 1);
  changed("truncated", whole.substr(0, whole.size() / 2));
  changed("lengthened", whole + "x");
  const std::string foreign = arguments.Get("foreign", "");
  if (!foreign.empty()) {
    tried("foreign", foreign, right);
    tried("foreignUnchecked", foreign, {});
  }
  return figures;
}

}  // namespace jetfleet::bench
