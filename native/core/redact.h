#pragma once

#include <string>

namespace jetfleet {

/// A text without what URIs in it may hold of secrets, and a text that is, or was meant for, one
/// URI. The rules are those of fleet/text/redact.ts, and one table of cases holds both
/// (test/fleet/text/redaction-cases.json).
std::string Redact(const std::string& text);
std::string RedactUri(const std::string& uri);

}  // namespace jetfleet
