#include "core/media/tls_trust.h"

#include "core/media/gst_ptr.h"

namespace jetfleet {

std::string FingerprintOf(GTlsCertificate* certificate) {
  GByteArray* der = nullptr;
  g_object_get(certificate, "certificate", &der, nullptr);
  if (der == nullptr) return "";
  const GstPtr<gchar> text(g_compute_checksum_for_data(G_CHECKSUM_SHA256, der->data, der->len));
  g_byte_array_unref(der);
  return text == nullptr ? "" : text.get();
}

Status OpenAuthorities(const TlsTrust& trust, GTlsDatabase** database) {
  GError* raw = nullptr;
  *database = g_tls_file_database_new(trust.ca_file.c_str(), &raw);
  const GstPtr<GError> error(raw);
  if (*database != nullptr) return Status::Ok();
  return Status::Error(ErrorCode::kSourceTls, "Expected a PEM file of certificate authorities at " +
                                                  trust.ca_file + " but " + error->message);
}

}  // namespace jetfleet
