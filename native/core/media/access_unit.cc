#include "core/media/access_unit.h"

#include <new>
#include <utility>

namespace jetfleet {
namespace {

struct UnitMeta {
  GstMeta meta;
  AccessUnitPtr unit;
};

/// Without tags, so that elements keep it whatever they do to size or memory.
GType ApiType() {
  static const GType type = [] {
    const gchar* const no_tags[] = {nullptr};
    return gst_meta_api_type_register("JetfleetAccessUnitApi", const_cast<const gchar**>(no_tags));
  }();
  return type;
}

UnitMeta* MetaOf(GstMeta* meta) { return reinterpret_cast<UnitMeta*>(meta); }

gboolean Init(GstMeta* meta, gpointer, GstBuffer*) {
  new (&MetaOf(meta)->unit) AccessUnitPtr();
  return TRUE;
}

void Free(GstMeta* meta, GstBuffer*) { MetaOf(meta)->unit.~AccessUnitPtr(); }

gboolean Transform(GstBuffer* to, GstMeta* meta, GstBuffer*, GQuark, gpointer) {
  // Some decoders copy it themselves after their base class has.
  if (AccessUnitOf(to) == nullptr) AttachAccessUnit(to, MetaOf(meta)->unit);
  return TRUE;
}

const GstMetaInfo* Info() {
  static const GstMetaInfo* const info =
      gst_meta_register(ApiType(), "JetfleetAccessUnit", sizeof(UnitMeta), Init, Free, Transform);
  return info;
}

}  // namespace

void AttachAccessUnit(GstBuffer* buffer, AccessUnitPtr unit) {
  GstMeta* meta = gst_buffer_add_meta(buffer, Info(), nullptr);
  if (meta != nullptr) MetaOf(meta)->unit = std::move(unit);
}

AccessUnitPtr AccessUnitOf(GstBuffer* buffer) {
  GstMeta* meta = gst_buffer_get_meta(buffer, ApiType());
  return meta == nullptr ? nullptr : MetaOf(meta)->unit;
}

}  // namespace jetfleet
