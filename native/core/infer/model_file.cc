#include "core/infer/model_file.h"

#include <fcntl.h>
#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace jetfleet {
namespace {

constexpr char kAlgorithm[] = "sha256:";

Status Unreadable(const std::string& path, int error) {
  return Status::Error(ErrorCode::kModelInvalid,
                       "Cannot read the model " + path + ": " + g_strerror(error));
}

Status ReadAll(const std::string& path, std::string* bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unreadable(path, errno);
  std::ostringstream content;
  content << file.rdbuf();
  if (file.bad() || content.fail()) return Unreadable(path, errno == 0 ? EIO : errno);
  *bytes = content.str();
  return Status::Ok();
}

std::string DigestOf(const std::string& bytes) {
  gchar* raw = g_compute_checksum_for_data(
      G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(bytes.data()), bytes.size());
  std::string digest = kAlgorithm;
  digest += raw;
  g_free(raw);
  return digest;
}

}  // namespace

ModelFile::~ModelFile() {
  if (memory_ >= 0) close(memory_);
}

Status ModelFile::Open(const std::string& path, const std::string& digest, Content content) {
  path_ = own_path_ = path;
  if (digest.empty()) return Status::Ok();
  std::string bytes;
  const Status read = ReadAll(path, &bytes);
  if (!read.ok()) return read;
  const std::string found = DigestOf(bytes);
  if (found != digest) {
    return Status::Error(ErrorCode::kArtifactDigest, "Expected the model " + digest + " at " +
                                                         path + " but its bytes have " + found);
  }
  const std::string external =
      content == Content::kLibrary
          ? ""
          : ExternalDataOf(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (!external.empty()) {
    return Status::Error(ErrorCode::kModelInvalid,
                         "Expected a model with all its data inside but " + external);
  }
  return Keep(bytes);
}

Status ModelFile::Keep(const std::string& bytes) {
  memory_ = memfd_create("jetfleet-model", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memory_ < 0) return Unreadable(own_path_, errno);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t wrote = write(memory_, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return Unreadable(own_path_, errno);
    done += static_cast<std::size_t>(wrote);
  }
  if (fcntl(memory_, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return Unreadable(own_path_, errno);
  }
  path_ = "/proc/self/fd/" + std::to_string(memory_);
  return Status::Ok();
}

std::string ModelFile::Named(std::string text) const {
  if (memory_ < 0) return text;
  for (std::size_t at = text.find(path_); at != std::string::npos;
       at = text.find(path_, at + own_path_.size())) {
    text.replace(at, path_.size(), own_path_);
  }
  return text;
}

}  // namespace jetfleet
