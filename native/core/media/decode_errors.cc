#include "core/media/decode_errors.h"

#include <gst/gst.h>

#include <cstring>

namespace jetfleet {
namespace {

thread_local std::uint64_t errors = 0;

/// The category that gst-libav writes libav's own log to.
constexpr char kCategory[] = "libav";

void OnLog(GstDebugCategory* category, GstDebugLevel level, const gchar*, const gchar*, gint,
           GObject*, GstDebugMessage*, gpointer) {
  if (level == GST_LEVEL_ERROR &&
      std::strcmp(gst_debug_category_get_name(category), kCategory) == 0) {
    ++errors;
  }
}

}  // namespace

void WatchDecodeErrors() {
  static const bool done = [] {
    // Who asked for GStreamer's log gets it; otherwise nobody reads these lines.
    if (g_getenv("GST_DEBUG") == nullptr) gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_add_log_function(OnLog, nullptr, nullptr);
    gst_debug_set_active(TRUE);
    gst_debug_set_threshold_for_name(kCategory, GST_LEVEL_ERROR);
    return true;
  }();
  (void)done;
}

std::uint64_t DecodeErrorsOfThisThread() { return errors; }

}  // namespace jetfleet
