#include "core/media/rtsp_cause.h"

#include <gio/gio.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <memory>

#include "core/trace.h"

namespace jetfleet {
namespace {

constexpr guint16 kRtspPort = 554;
/// RFC 7826, 19.2.
constexpr guint16 kRtspsPort = 322;
/// More than any answer without a body.
constexpr std::size_t kMaxAnswer = std::size_t{16} * 1024;

struct ObjectDeleter {
  void operator()(gpointer object) const { g_object_unref(object); }
};
template <typename T>
using Object = std::unique_ptr<T, ObjectDeleter>;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool IsSpoken(const std::string& challenge) {
  const std::string text = Lower(challenge);
  if (text.rfind("basic", 0) == 0) return true;
  if (text.rfind("digest", 0) != 0) return false;
  const std::size_t algorithm = text.find("algorithm");
  return algorithm == std::string::npos ||
         text.substr(algorithm, text.find(',', algorithm) - algorithm).find("md5") !=
             std::string::npos;
}

/// "Digest SHA-256": no nonce and no realm.
std::string NameOf(const std::string& challenge) {
  std::string name = challenge.substr(0, challenge.find(' '));
  const std::size_t algorithm = Lower(challenge).find("algorithm=");
  if (algorithm == std::string::npos) return name;
  const std::size_t begin = algorithm + 10;
  std::string value = challenge.substr(begin, challenge.find(',', begin) - begin);
  value.erase(std::remove(value.begin(), value.end(), '"'), value.end());
  return name + " " + value;
}

/// Called only for certificates that no authority vouches for.
gboolean OnCertificate(GTlsConnection*, GTlsCertificate* certificate, GTlsCertificateFlags,
                       gpointer trust) {
  const std::string& expected = static_cast<const TlsTrust*>(trust)->fingerprint;
  return !expected.empty() && FingerprintOf(certificate) == expected ? TRUE : FALSE;
}

void OnEvent(GSocketClient*, GSocketClientEvent event, GSocketConnectable*, GIOStream* stream,
             gpointer trust) {
  if (event != G_SOCKET_CLIENT_TLS_HANDSHAKING) return;
  g_signal_connect(stream, "accept-certificate", G_CALLBACK(OnCertificate), trust);
  if (static_cast<const TlsTrust*>(trust)->ca_file.empty()) return;
  GTlsDatabase* database = nullptr;
  if (!OpenAuthorities(*static_cast<const TlsTrust*>(trust), &database).ok()) return;
  g_tls_connection_set_database(G_TLS_CONNECTION(stream), database);
  g_object_unref(database);
}

/// The answer's header, or what came of it in time.
std::string Ask(const SourceUri& uri, TlsTrust trust, std::chrono::milliseconds limit) {
  const Object<GSocketClient> client(g_socket_client_new());
  const bool tls = uri.location.rfind("rtsps:", 0) == 0;
  g_socket_client_set_tls(client.get(), tls ? TRUE : FALSE);
  g_signal_connect(client.get(), "event", G_CALLBACK(OnEvent), &trust);
  g_socket_client_set_timeout(client.get(),
                              static_cast<guint>(std::max<std::int64_t>(limit.count() / 1000, 1)));
  const Object<GSocketConnection> connection(g_socket_client_connect_to_uri(
      client.get(), uri.location.c_str(), tls ? kRtspsPort : kRtspPort, nullptr, nullptr));
  if (connection == nullptr) return "";
  GIOStream* stream = G_IO_STREAM(connection.get());
  const std::string request = "DESCRIBE " + uri.location + " RTSP/1.0\r\nCSeq: 1\r\n\r\n";
  std::string answer;
  if (g_output_stream_write_all(g_io_stream_get_output_stream(stream), request.data(),
                                request.size(), nullptr, nullptr, nullptr) == FALSE) {
    return answer;
  }
  char bytes[1024];
  // The client's own limit is that of one read, which a camera that drips never meets.
  const TimePoint until = Clock::now() + limit;
  while (answer.size() < kMaxAnswer && answer.find("\r\n\r\n") == std::string::npos &&
         Clock::now() < until) {
    const gssize got = g_input_stream_read(g_io_stream_get_input_stream(stream), bytes,
                                           sizeof bytes, nullptr, nullptr);
    if (got <= 0) break;
    answer.append(bytes, static_cast<std::size_t>(got));
  }
  return answer;
}

}  // namespace

std::vector<std::string> ChallengesOf(const std::string& answer) {
  constexpr char kHeader[] = "www-authenticate:";
  std::vector<std::string> challenges;
  for (std::size_t begin = 0; begin < answer.size();) {
    const std::size_t end = std::min(answer.find("\r\n", begin), answer.size());
    const std::string line = answer.substr(begin, end - begin);
    if (Lower(line).rfind(kHeader, 0) == 0) {
      const std::size_t value = line.find_first_not_of(' ', sizeof kHeader - 1);
      if (value != std::string::npos) challenges.push_back(line.substr(value));
    }
    begin = end + 2;
  }
  return challenges;
}

Status JudgeChallenges(const std::vector<std::string>& challenges, const std::string& shown) {
  if (challenges.empty() || std::any_of(challenges.begin(), challenges.end(), IsSpoken)) {
    return Status::Ok();
  }
  std::string names;
  for (const std::string& challenge : challenges)
    names += (names.empty() ? "" : ", ") + NameOf(challenge);
  return Status::Error(
      ErrorCode::kSourceAuthScheme,
      "Expected basic authentication or digest with MD5 but " + shown + " only accepts " + names);
}

Status ExplainRefusal(const SourceUri& uri, const TlsTrust& trust,
                      std::chrono::milliseconds timeout, const Status& refusal) {
  const Status judged = JudgeChallenges(ChallengesOf(Ask(uri, trust, timeout)), uri.shown);
  return judged.ok() ? refusal : judged;
}

}  // namespace jetfleet
