#pragma once

#include <iomanip>
#include <sstream>
#include <string>

namespace jetfleet::bench {

/// A flat JSON object that grows.
class Figures {
 public:
  Figures& Add(const std::string& name, double value) {
    std::ostringstream text;
    text << std::setprecision(6) << value;
    return Raw(name, text.str());
  }
  Figures& Add(const std::string& name, const std::string& value) {
    std::string quoted = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return Raw(name, quoted + "\"");
  }
  Figures& Add(const std::string& name, const char* value) { return Add(name, std::string(value)); }
  /// JSON as it is.
  Figures& Raw(const std::string& name, const std::string& json) {
    text_ += (text_.empty() ? "" : ",") + ("\"" + name + "\":") + json;
    return *this;
  }
  std::string Text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

}  // namespace jetfleet::bench
