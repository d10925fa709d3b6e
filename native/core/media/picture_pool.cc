#include "core/media/picture_pool.h"

#include "core/media/gst_ptr.h"

namespace jetfleet {
namespace {

/// Marks memory of the pool and views of it.
GQuark Mark() {
  static const GQuark mark = g_quark_from_static_string("jetfleet-picture-pool");
  return mark;
}

GstMemory* Marked(GstMemory* memory) {
  gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(memory), Mark(), memory, nullptr);
  return memory;
}

bool IsPlain(GstMemory* memory) {
  return gst_memory_is_type(memory, GST_ALLOCATOR_SYSMEM) != FALSE;
}

void Release(gpointer buffer) { gst_buffer_unref(static_cast<GstBuffer*>(buffer)); }

/// Where planes lie is said of memory, which gst_buffer_copy_into takes to be other memory here.
void CopyLayout(GstBuffer* from, GstBuffer* to) {
  GstVideoMeta* const layout = gst_buffer_get_video_meta(from);
  if (layout == nullptr) return;
  gst_buffer_add_video_meta_full(to, layout->flags, layout->format, layout->width, layout->height,
                                 layout->n_planes, layout->offset, layout->stride);
}

/// What gst_buffer_make_writable asks a buffer for when others have it, too.
GstMiniObject* ViewOf(const GstMiniObject* picture) {
  // To be owned, not to be changed.
  auto* const whole = const_cast<GstBuffer*>(reinterpret_cast<const GstBuffer*>(picture));
  GstBuffer* const view = gst_buffer_new();
  gst_buffer_copy_into(view, whole, GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
  CopyLayout(whole, view);
  for (guint i = 0; i < gst_buffer_n_memory(whole); ++i) {
    GstMemory* const memory = gst_buffer_peek_memory(whole, i);
    GstMapInfo bytes;
    if (gst_memory_map(memory, &bytes, GST_MAP_READ) == FALSE) {
      gst_buffer_append_memory(view, gst_memory_copy(memory, 0, -1));
      continue;
    }
    // Plain memory stays where it is for as long as it lives.
    gst_memory_unmap(memory, &bytes);
    gst_buffer_append_memory(
        view, Marked(gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, bytes.data, bytes.size, 0,
                                            bytes.size, gst_buffer_ref(whole), Release)));
  }
  return GST_MINI_OBJECT_CAST(view);
}

GstFlowReturn Allocate(GstBufferPool* pool, GstBuffer** buffer, GstBufferPoolAcquireParams* how) {
  auto* const video = GST_BUFFER_POOL_CLASS(g_type_class_peek(GST_TYPE_VIDEO_BUFFER_POOL));
  const GstFlowReturn result = video->alloc_buffer(pool, buffer, how);
  if (result != GST_FLOW_OK || gst_buffer_n_memory(*buffer) == 0) return result;
  GstMemory* const memory = gst_buffer_peek_memory(*buffer, 0);
  if (!IsPlain(memory)) return result;
  Marked(memory);
  GST_MINI_OBJECT_CAST(*buffer)->copy = ViewOf;
  return result;
}

void InitClass(gpointer pool_class, gpointer) {
  GST_BUFFER_POOL_CLASS(pool_class)->alloc_buffer = Allocate;
}

GstPtr<GstBufferPool> NewPool() {
  static const GType type = g_type_register_static_simple(
      GST_TYPE_VIDEO_BUFFER_POOL, "JetfleetPicturePool", sizeof(GstVideoBufferPoolClass), InitClass,
      sizeof(GstVideoBufferPool), nullptr, GTypeFlags{});
  return GstPtr<GstBufferPool>(GST_BUFFER_POOL(g_object_ref_sink(g_object_new(type, nullptr))));
}

}  // namespace

void OfferPicturePool(GstQuery* query) {
  gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
  GstCaps* caps = nullptr;
  gboolean wanted = FALSE;
  gst_query_parse_allocation(query, &caps, &wanted);
  GstVideoInfo picture;
  if (wanted == FALSE || caps == nullptr || gst_video_info_from_caps(&picture, caps) == FALSE)
    return;
  const auto size = static_cast<guint>(GST_VIDEO_INFO_SIZE(&picture));
  gst_query_add_allocation_pool(query, NewPool().get(), size, 0, 0);
}

bool IsCopyOfDecoder(GstBuffer* picture) {
  if (gst_buffer_n_memory(picture) == 0) return false;
  GstMemory* const memory = gst_buffer_peek_memory(picture, 0);
  return IsPlain(memory) &&
         gst_mini_object_get_qdata(GST_MINI_OBJECT_CAST(memory), Mark()) == nullptr;
}

}  // namespace jetfleet
