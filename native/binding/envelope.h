#pragma once

#include <string>

#include "binding/mailbox.h"

namespace jetfleet {

/// How messages travel to an agent: agent/supervise/envelope.ts says in what form, and reads them.
struct Envelope {
  /// What stands before the JSON: sizes, type, the model's id.
  std::string head;
  /// The message's own, or `text`.
  std::string* json = nullptr;
};

/// `text` holds the JSON of what comes without; it and `message` must stay as long as the envelope.
Envelope EnvelopeOf(Message* message, std::string* text);

}  // namespace jetfleet
