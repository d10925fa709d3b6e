#include "stamp.h"

#include <algorithm>

namespace jetfleet::camera {
namespace {

/// Offset of the start code of the first slice (NAL types 1 to 5), or `size`.
gsize FirstSlice(const guint8* data, gsize size) {
  for (gsize i = 0; i + 3 < size; ++i) {
    if (data[i] != 0 || data[i + 1] != 0 || data[i + 2] != 1) continue;
    const int type = data[i + 3] & 0x1f;
    // A four-byte start code's first zero belongs to it.
    if (type >= 1 && type <= 5) return i > 0 && data[i - 1] == 0 ? i - 1 : i;
  }
  return size;
}

}  // namespace

GstBuffer* InsertFrameTag(GstBuffer* unit, const FrameTag& tag) {
  GstMapInfo map;
  if (!gst_buffer_map(unit, &map, GST_MAP_READ)) return unit;
  const gsize at = FirstSlice(map.data, map.size);
  const gsize size = map.size;
  gst_buffer_unmap(unit, &map);
  const std::vector<std::uint8_t> sei = BuildFrameTagSei(tag);
  GstBuffer* out = gst_buffer_new();
  gst_buffer_copy_into(out, unit, GST_BUFFER_COPY_METADATA, 0, -1);
  if (at > 0) gst_buffer_copy_into(out, unit, GST_BUFFER_COPY_MEMORY, 0, at);
  GstMemory* memory = gst_allocator_alloc(nullptr, sei.size(), nullptr);
  GstMapInfo target;
  gst_memory_map(memory, &target, GST_MAP_WRITE);
  std::copy(sei.begin(), sei.end(), target.data);
  gst_memory_unmap(memory, &target);
  gst_buffer_append_memory(out, memory);
  if (at < size) gst_buffer_copy_into(out, unit, GST_BUFFER_COPY_MEMORY, at, size - at);
  gst_buffer_unref(unit);
  return out;
}

}  // namespace jetfleet::camera
