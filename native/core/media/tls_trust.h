#pragma once

#include <gio/gio.h>

#include <string>

#include "core/status.h"

namespace jetfleet {

/// What makes an rtsps:// camera trusted beside the system's authorities.
struct TlsTrust {
  /// PEM file with authorities; empty for none.
  std::string ca_file;
  /// SHA-256 of the camera's certificate (DER), 64 hexadecimal digits in lower case; empty for
  /// none.
  std::string fingerprint;
};

/// As `TlsTrust` has it; empty when the certificate cannot be read.
std::string FingerprintOf(GTlsCertificate* certificate);

/// The authorities of the file, which the caller owns. SOURCE_TLS when there are none.
Status OpenAuthorities(const TlsTrust& trust, GTlsDatabase** database);

}  // namespace jetfleet
