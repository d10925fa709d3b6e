#include "core/media/gst_error.h"

#include <string>

#include "core/media/gst_ptr.h"

namespace jetfleet {
namespace {

bool Contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

bool IsAuth(const GError& error, const std::string& debug) {
  if (g_error_matches(&error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED)) return true;
  // Older rtspsrc reports the status line only.
  return Contains(debug, "Unauthorized (401)") || Contains(debug, "Forbidden (403)");
}

bool IsFormat(const GError& error, const std::string& debug, bool live) {
  if (error.domain == GST_CORE_ERROR) {
    return error.code == GST_CORE_ERROR_MISSING_PLUGIN || error.code == GST_CORE_ERROR_NEGOTIATION;
  }
  if (error.domain != GST_STREAM_ERROR) return false;
  // "Internal data stream error" of a live source: the connection broke, unless negotiation failed.
  const bool broken_connection = live && error.code == GST_STREAM_ERROR_FAILED &&
                                 !Contains(debug, "not-negotiated") &&
                                 !Contains(debug, "not-linked");
  return !broken_connection;
}

/// The last line of the debug text is what the element said; the lines before name source files.
std::string Reason(const GError& error, const std::string& debug) {
  std::string reason = error.message;
  const std::size_t line = debug.rfind('\n');
  if (line != std::string::npos && line + 1 < debug.size()) {
    reason += " (" + debug.substr(line + 1) + ")";
  }
  return reason;
}

std::string Redact(std::string text, const std::string& secret) {
  if (secret.empty()) return text;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "…");
  }
  return text;
}

}  // namespace

Status StatusOfErrorMessage(GstMessage* message, const SourceUri& uri) {
  GError* raw_error = nullptr;
  gchar* raw_debug = nullptr;
  gst_message_parse_error(message, &raw_error, &raw_debug);
  const GstPtr<GError> error(raw_error);
  const GstPtr<gchar> debug_text(raw_debug);
  const std::string debug = raw_debug == nullptr ? "" : raw_debug;

  if (IsAuth(*error, debug)) {
    return Status::Error(ErrorCode::kSourceAuth,
                         "The source " + uri.shown + " refused user and password");
  }
  // Elements may quote the location with its query.
  std::string reason = Reason(*error, debug);
  const std::size_t query = uri.location.find('?');
  if (uri.live && query != std::string::npos) reason = Redact(reason, uri.location.substr(query));
  reason = Redact(reason, uri.password);
  if (IsFormat(*error, debug, uri.live)) {
    return Status::Error(ErrorCode::kSourceFormat, "Cannot decode " + uri.shown + ": " + reason);
  }
  const std::string what = uri.live ? "The source " + uri.shown + " does not answer: "
                                    : "Cannot read the file " + uri.shown + ": ";
  return Status::Error(ErrorCode::kSourceUnreachable, what + reason);
}

}  // namespace jetfleet
