#include "core/media/gst_error.h"

#include <string>

#include "core/media/gst_ptr.h"
#include "core/redact.h"

namespace jetfleet {
namespace {

bool Contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

/// rtspsrc reports the answer's status line.
bool IsAuth(const GError& error, const std::string& debug) {
  if (g_error_matches(&error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED)) return true;
  return Contains(debug, "Unauthorized (401)") || Contains(debug, "Forbidden (403)");
}

bool IsTls(const GError& error, const std::string& debug) {
  return Contains(debug, "TLS") || Contains(debug, "certificate") || Contains(error.message, "TLS");
}

Status AuthStatus(const SourceUri& uri) {
  if (uri.user.empty()) {
    return Status::Error(
        ErrorCode::kSourceAuthMissing,
        "The source " + uri.shown + " asks for user and password, and none are given");
  }
  return Status::Error(ErrorCode::kSourceAuth,
                       "The source " + uri.shown + " refused user and password");
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

/// Elements quote the location or parts of it, and servers what they were sent.
std::string WithoutSecrets(std::string text, const SourceUri& uri) {
  const std::size_t authority = uri.location.find("://");
  std::string tail;
  if (uri.live && authority != std::string::npos) {
    const std::size_t path = uri.location.find('/', authority + 3);
    // Quoted alone it is no URI, so that nothing would be seen in it.
    if (path != std::string::npos && RedactUri(uri.location) != uri.location) {
      tail = uri.location.substr(path + 1);
    }
  }
  const std::string hidden = "***";
  for (const std::string& secret : {uri.password, tail}) {
    std::size_t at = secret.empty() ? std::string::npos : text.find(secret);
    while (at != std::string::npos) {
      text.replace(at, secret.size(), hidden);
      at = text.find(secret, at + hidden.size());
    }
  }
  return Redact(text);
}

}  // namespace

Status StatusOfErrorMessage(GstMessage* message, const SourceUri& uri) {
  GError* raw_error = nullptr;
  gchar* raw_debug = nullptr;
  gst_message_parse_error(message, &raw_error, &raw_debug);
  const GstPtr<GError> error(raw_error);
  const GstPtr<gchar> debug_text(raw_debug);
  const std::string debug = raw_debug == nullptr ? "" : raw_debug;

  const bool rtsp = uri.kind == SourceKind::kRtsp;
  if (rtsp && IsAuth(*error, debug)) return AuthStatus(uri);
  const std::string reason = WithoutSecrets(Reason(*error, debug), uri);
  if (rtsp && Contains(debug, "(404)")) {
    return Status::Error(ErrorCode::kSourceNotFound,
                         "The camera answers but has nothing at " + uri.shown + ": " + reason);
  }
  if (rtsp && IsTls(*error, debug)) {
    return Status::Error(ErrorCode::kSourceTls,
                         "Cannot connect by TLS to " + uri.shown + ": " + reason);
  }
  if (IsFormat(*error, debug, uri.live)) {
    return Status::Error(ErrorCode::kSourceFormat, "Cannot decode " + uri.shown + ": " + reason);
  }
  const std::string what = uri.live ? "The source " + uri.shown + " does not answer: "
                                    : "Cannot read the file " + uri.shown + ": ";
  return Status::Error(ErrorCode::kSourceUnreachable, what + reason);
}

Status StatusOfWarningMessage(GstMessage* message, const SourceUri& uri) {
  GError* raw_error = nullptr;
  gchar* raw_debug = nullptr;
  gst_message_parse_warning(message, &raw_error, &raw_debug);
  const GstPtr<GError> error(raw_error);
  const GstPtr<gchar> debug_text(raw_debug);
  const std::string debug = raw_debug == nullptr ? "" : raw_debug;
  const ErrorCode code = error->domain == GST_RESOURCE_ERROR ? ErrorCode::kSourceUnreachable
                                                             : ErrorCode::kSourceFormat;
  return Status::Error(code, uri.shown + ": " + WithoutSecrets(Reason(*error, debug), uri));
}

bool IsEmptyDescription(GstMessage* error) {
  gchar* raw_debug = nullptr;
  gst_message_parse_error(error, nullptr, &raw_debug);
  const GstPtr<gchar> debug(raw_debug);
  return raw_debug != nullptr && Contains(raw_debug, "SDP contains no streams");
}

}  // namespace jetfleet
