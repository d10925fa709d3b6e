#pragma once

#include <string>

namespace jetfleet {

/// A source's address, taken apart so that user and password never reach a message.
struct SourceUri {
  /// rtsp or rtsps; everything else is a file.
  bool live = false;
  /// For live sources the URI without user and password; for files the path.
  std::string location;
  std::string user;
  std::string password;
  /// What messages may show (redact.h).
  std::string shown;

  /// Accepts rtsp://, rtsps://, file:// and plain paths; percent escapes of user, password and path
  /// are resolved.
  static SourceUri Parse(const std::string& uri);
};

}  // namespace jetfleet
