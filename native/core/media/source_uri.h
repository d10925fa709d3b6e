#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace jetfleet {

enum class SourceKind { kFile, kRtsp, kV4l2, kCsi, kTest };

/// Keys and values of what stands behind the `?` of a device's address, in their order; as it
/// stands: nothing that source_address.h lets pass is escaped.
std::vector<std::pair<std::string, std::string>> SplitSettings(const std::string& settings);

/// A source's address, taken apart so that user and password never reach a message.
struct SourceUri {
  SourceKind kind = SourceKind::kFile;
  /// Everything but a file: nobody can make it wait.
  bool live = false;
  /// For rtsp and rtsps the URI without user and password; for files the path; else what names the
  /// device, or the pattern.
  std::string location;
  /// Of devices and patterns: what stands behind the `?`.
  std::map<std::string, std::string> settings;
  std::string user;
  std::string password;
  /// What messages may show (redact.h).
  std::string shown;

  /// Accepts rtsp://, rtsps://, v4l2://, csi://, test://, file:// and plain paths; percent escapes
  /// of user, password and a file's path are resolved. Judges nothing (source_address.h).
  static SourceUri Parse(const std::string& uri);
};

}  // namespace jetfleet
