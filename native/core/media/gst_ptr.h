#pragma once

#include <gst/gst.h>

#include <memory>

namespace jetfleet {

struct GstDeleter {
  void operator()(GstElement* element) const { gst_object_unref(element); }
  void operator()(GstPad* pad) const { gst_object_unref(pad); }
  void operator()(GstElementFactory* factory) const { gst_object_unref(factory); }
  void operator()(GstBus* bus) const { gst_object_unref(bus); }
  void operator()(GstBufferPool* pool) const { gst_object_unref(pool); }
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GError* error) const { g_error_free(error); }
  void operator()(gchar* text) const { g_free(text); }
};

/// Owner of one reference to a GLib or GStreamer thing.
template <typename T>
using GstPtr = std::unique_ptr<T, GstDeleter>;

/// Starts GStreamer once per process; safe from any thread.
void EnsureGstInit();

}  // namespace jetfleet
