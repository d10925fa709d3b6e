#pragma once

#include <gst/gst.h>

namespace jetfleet {

/// As long as it lives, an element of this process is as if it were not installed.
class NotInstalled {
 public:
  explicit NotInstalled(const char* element)
      : feature_(gst_registry_lookup_feature(gst_registry_get(), element)) {
    if (feature_ != nullptr) gst_registry_remove_feature(gst_registry_get(), feature_);
  }
  ~NotInstalled() {
    if (feature_ != nullptr) gst_registry_add_feature(gst_registry_get(), feature_);
  }
  NotInstalled(const NotInstalled&) = delete;
  NotInstalled& operator=(const NotInstalled&) = delete;
  bool was_there() const { return feature_ != nullptr; }

 private:
  GstPluginFeature* const feature_;
};

}  // namespace jetfleet
