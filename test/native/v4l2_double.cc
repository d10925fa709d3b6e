#include "v4l2_double.h"

#include <gst/base/gstpushsrc.h>

#include <utility>

#include "core/media/gst_ptr.h"
#include "core/media/media_pipeline.h"

namespace {

constexpr char kElement[] = "v4l2src";
constexpr gulong kIntervalUs = 10'000;

std::string caps_text;
jetfleet::V4l2Double::Buffers all;
std::size_t next_one = 0;

struct Double {
  GstPushSrc src;
};
struct DoubleClass {
  GstPushSrcClass parent;
};
G_DEFINE_TYPE(Double, v4l2_double, GST_TYPE_PUSH_SRC)

void Ignore(GObject*, guint, const GValue*, GParamSpec*) {}

GstCaps* Caps(GstBaseSrc*, GstCaps* filter) {
  GstCaps* const caps = gst_caps_from_string(caps_text.c_str());
  if (filter == nullptr) return caps;
  GstCaps* const both = gst_caps_intersect(filter, caps);
  gst_caps_unref(caps);
  return both;
}

GstFlowReturn Create(GstPushSrc*, GstBuffer** buffer) {
  if (next_one >= all.size()) return GST_FLOW_EOS;
  g_usleep(kIntervalUs);
  const auto& bytes = all[next_one++];
  *buffer = gst_buffer_new_memdup(bytes.data(), bytes.size());
  return GST_FLOW_OK;
}

void v4l2_double_class_init(DoubleClass* type) {
  auto* const object = G_OBJECT_CLASS(type);
  object->set_property = Ignore;
  g_object_class_install_property(object, 1,
                                  g_param_spec_string("device", "", "", nullptr, G_PARAM_WRITABLE));
  auto* const element = GST_ELEMENT_CLASS(type);
  gst_element_class_set_static_metadata(element, "camera", "Source", "gives what it is told",
                                        "test");
  static GstStaticPadTemplate pad =
      GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
  gst_element_class_add_static_pad_template(element, &pad);
  GST_BASE_SRC_CLASS(type)->get_caps = Caps;
  GST_PUSH_SRC_CLASS(type)->create = Create;
}

void v4l2_double_init(Double* self) {
  gst_base_src_set_live(GST_BASE_SRC(self), TRUE);
  gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
  gst_base_src_set_do_timestamp(GST_BASE_SRC(self), TRUE);
}

}  // namespace

namespace jetfleet {

V4l2Double::V4l2Double(const std::string& caps, Buffers buffers)
    : without_((EnsureGstInit(), kElement)) {
  caps_text = caps;
  all = std::move(buffers);
  next_one = 0;
  gst_element_register(nullptr, kElement, GST_RANK_NONE, v4l2_double_get_type());
}

V4l2Double::~V4l2Double() {
  GstPluginFeature* const feature =
      gst_registry_find_feature(gst_registry_get(), kElement, GST_TYPE_ELEMENT_FACTORY);
  if (feature == nullptr) return;
  gst_registry_remove_feature(gst_registry_get(), feature);
  gst_object_unref(feature);
}

}  // namespace jetfleet
