#include "core/media/picture_pool.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/media/gst_ptr.h"

namespace jetfleet {
namespace {

constexpr int kWidth = 64;
constexpr int kHeight = 40;
constexpr unsigned kRowsBelow = 12;

struct BufferDeleter {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};
using BufferPtr = std::unique_ptr<GstBuffer, BufferDeleter>;

/// As libav's decoder asks, for pictures of 64 × 40 with rows below them.
class Decoder {
 public:
  Decoder() {
    EnsureGstInit();
    GstVideoInfo info;
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, kWidth, kHeight);
    const GstPtr<GstCaps> caps(gst_video_info_to_caps(&info));
    GstQuery* query = gst_query_new_allocation(caps.get(), TRUE);
    OfferPicturePool(query);
    EXPECT_TRUE(gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr));
    EXPECT_EQ(gst_query_get_n_allocation_pools(query), 1U);
    GstBufferPool* pool = nullptr;
    guint size = 0;
    gst_query_parse_nth_allocation_pool(query, 0, &pool, &size, nullptr, nullptr);
    gst_query_unref(query);
    pool_.reset(pool);
    GstVideoAlignment padding;
    gst_video_alignment_reset(&padding);
    padding.padding_bottom = kRowsBelow;
    GstStructure* config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, caps.get(), size, 0, 0);
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
    gst_buffer_pool_config_set_video_alignment(config, &padding);
    EXPECT_TRUE(gst_buffer_pool_set_config(pool, config));
    EXPECT_TRUE(gst_buffer_pool_set_active(pool, TRUE));
  }
  ~Decoder() { gst_buffer_pool_set_active(pool_.get(), FALSE); }

  BufferPtr Acquire() {
    GstBuffer* buffer = nullptr;
    EXPECT_EQ(gst_buffer_pool_acquire_buffer(pool_.get(), &buffer, nullptr), GST_FLOW_OK);
    return BufferPtr(buffer);
  }

 private:
  GstPtr<GstBufferPool> pool_;
};

const void* BytesOf(GstBuffer* buffer) {
  GstMapInfo bytes;
  EXPECT_TRUE(gst_buffer_map(buffer, &bytes, GST_MAP_READ));
  gst_buffer_unmap(buffer, &bytes);
  return bytes.data;
}

TEST(PicturePool, GivesAwayAPictureThatTheDecoderKeepsOpenWithoutCopyingIt) {
  Decoder decoder;
  BufferPtr kept = decoder.Acquire();
  GST_BUFFER_PTS(kept.get()) = 7;
  GstMapInfo drawn;
  ASSERT_TRUE(gst_buffer_map(kept.get(), &drawn, GST_MAP_READWRITE));

  BufferPtr out(gst_buffer_make_writable(gst_buffer_ref(kept.get())));
  EXPECT_NE(out, kept);
  EXPECT_EQ(BytesOf(out.get()), drawn.data);
  EXPECT_EQ(GST_BUFFER_PTS(out.get()), 7U);
  const GstVideoMeta* layout = gst_buffer_get_video_meta(out.get());
  ASSERT_NE(layout, nullptr);
  EXPECT_EQ(layout->offset[1], gsize{kWidth} * (kHeight + kRowsBelow));
  gst_buffer_unmap(kept.get(), &drawn);
}

TEST(PicturePool, LendsAPictureAgainOnlyWhenNobodyReadsItAnyMore) {
  Decoder decoder;
  BufferPtr kept = decoder.Acquire();
  BufferPtr out(gst_buffer_make_writable(gst_buffer_ref(kept.get())));
  BufferPtr copy(gst_buffer_make_writable(gst_buffer_ref(out.get())));
  const void* const bytes = BytesOf(out.get());
  kept.reset();
  EXPECT_NE(BytesOf(decoder.Acquire().get()), bytes);
  out.reset();
  const BufferPtr second = decoder.Acquire();
  EXPECT_NE(BytesOf(second.get()), bytes);
  copy.reset();
  EXPECT_EQ(BytesOf(decoder.Acquire().get()), bytes);
}

TEST(PicturePool, LetsNobodyWriteIntoAPictureThatTheDecoderReads) {
  Decoder decoder;
  const BufferPtr kept = decoder.Acquire();
  BufferPtr out(gst_buffer_make_writable(gst_buffer_ref(kept.get())));
  GstMapInfo bytes;
  ASSERT_TRUE(gst_buffer_map(out.get(), &bytes, GST_MAP_WRITE));
  EXPECT_NE(static_cast<const void*>(bytes.data), BytesOf(kept.get()));
  gst_buffer_unmap(out.get(), &bytes);
}

}  // namespace
}  // namespace jetfleet
