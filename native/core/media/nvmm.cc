#include "core/media/nvmm.h"

namespace jetfleet {
namespace {

int FdOfSurface(const GstMapInfo& map) {
  if (map.size < sizeof(nvbuf::SurfaceBatch)) return -1;
  const auto* const batch = reinterpret_cast<const nvbuf::SurfaceBatch*>(map.data);
  const bool in_dmabuf =
      batch->memory_type == nvbuf::kSurfaceArray || batch->memory_type == nvbuf::kDefaultMemory;
  if (!in_dmabuf || batch->filled == 0 || batch->surfaces == nullptr) return -1;
  return static_cast<int>(batch->surfaces[0].descriptor);
}

}  // namespace

std::shared_ptr<const NvmmPictures> NvmmPictures::Open(const std::string& folder) {
  // Also JetPack 4 has a library of that name, without this call.
  nvbuf::SurfaceFromFd* from_fd = nullptr;
  void* const surfaces = nvbuf::OpenLibrary(folder, nvbuf::kSurfaceLibrary);
  if (surfaces != nullptr && nvbuf::Find(surfaces, "NvBufSurfaceFromFd", &from_fd)) {
    return std::shared_ptr<const NvmmPictures>(new NvmmPictures(nullptr));
  }
  nvbuf::ExtractFd* extract = nullptr;
  void* const utils = nvbuf::OpenLibrary(folder, nvbuf::kUtilsLibrary);
  if (utils == nullptr || !nvbuf::Find(utils, "ExtractFdFromNvBuffer", &extract)) return nullptr;
  return std::shared_ptr<const NvmmPictures>(new NvmmPictures(extract));
}

int NvmmPictures::FdOf(GstBuffer* buffer) const {
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) return -1;
  int fd = -1;
  if (extract_ == nullptr) {
    fd = FdOfSurface(map);
  } else if (extract_(map.data, &fd) != 0) {
    fd = -1;
  }
  gst_buffer_unmap(buffer, &map);
  return fd;
}

}  // namespace jetfleet
