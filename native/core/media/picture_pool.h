#pragma once

#include <gst/video/video.h>

namespace jetfleet {

/// Answers a decoder's allocation query so that it decodes into buffers that are handed on as they
/// are: with a pool whose pictures can be padded, and whatever strides and offsets. Without, libav
/// copies each picture, row by row, unless its height is a multiple of 16 (gst-libav,
/// gst_ffmpegviddec_decide_allocation).
///
/// The decoder draws straight into the pool's buffers and goes on reading them afterwards. Of any
/// other pool GStreamer copies such a picture, all of it, when it leaves the decoder: its buffer
/// has two owners, and the decoder has its memory open for writing, which cannot be shared
/// (gst_buffer_copy_into). A buffer of this pool gives away a read-only view of its bytes instead,
/// and returns to the pool when decoder and view are both done with it. That is right for decoders
/// that do not change a picture once it is out, as libav's do not: it shares them with its users
/// anyway.
void OfferPicturePool(GstQuery* query);

/// Whether the first memory block of a picture that leaves a decoder is plain memory of another
/// origin: then the decoder, or GStreamer in its name, copied the picture there. Memory of devices
/// is a pool's of their own.
bool IsCopyOfDecoder(GstBuffer* picture);

}  // namespace jetfleet
