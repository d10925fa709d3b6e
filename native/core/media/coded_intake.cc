#include "core/media/coded_intake.h"

#include <string>

namespace jetfleet {
namespace {

std::optional<NalCodec> NalCodecOf(const CodecRow& codec) {
  const std::string name = codec.caps_name;
  if (name == "video/x-h264") return NalCodec::kH264;
  if (name == "video/x-h265") return NalCodec::kH265;
  return std::nullopt;
}

/// Where a container's record of the decoder tells it (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1).
std::size_t LengthBytes(NalCodec codec, const GstStructure* caps) {
  constexpr std::size_t kUsual = 4;
  const GValue* const value = gst_structure_get_value(caps, "codec_data");
  GstBuffer* const record = value == nullptr ? nullptr : gst_value_get_buffer(value);
  std::uint8_t byte = 0;
  const gsize at = codec == NalCodec::kH264 ? 4 : 21;
  if (record == nullptr || gst_buffer_extract(record, at, &byte, 1) != 1) return kUsual;
  return (byte & 3U) + 1U;
}

}  // namespace

CodedIntake::CodedIntake(const CodecRow& codec) : codec_(NalCodecOf(codec)) {}

void CodedIntake::OnCaps(const GstCaps* caps) {
  if (!codec_) return;
  const GstStructure* const structure = gst_caps_get_structure(caps, 0);
  const gchar* const format = gst_structure_get_string(structure, "stream-format");
  whole_pictures_ = g_strcmp0(gst_structure_get_string(structure, "alignment"), "au") == 0;
  const bool samples = format != nullptr && std::string(format) != "byte-stream";
  if (samples) {
    scan_.reset();
    length_bytes_ = LengthBytes(*codec_, structure);
  } else if (!scan_) {
    scan_.emplace(*codec_);
  }
}

std::vector<Arrivals::Name> CodedIntake::Add(GstBuffer* buffer) {
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) return {};
  std::vector<Arrivals::Name> names;
  if (scan_) {
    names = scan_->Add(map.data, map.size);
    if (whole_pictures_) {
      for (const PictureMark mark : scan_->End()) names.push_back(mark);
    }
  } else if (GST_BUFFER_PTS_IS_VALID(buffer) &&
             (!codec_ || SampleHasPicture(*codec_, length_bytes_, map.data, map.size))) {
    names.push_back(GST_BUFFER_PTS(buffer));
  }
  gst_buffer_unmap(buffer, &map);
  return names;
}

std::vector<Arrivals::Name> CodedIntake::End() {
  return scan_ ? scan_->End() : std::vector<Arrivals::Name>();
}

Arrivals::Name CodedIntake::NameOf(GstBuffer* parsed) const {
  GstMapInfo map;
  if (!scan_ || gst_buffer_map(parsed, &map, GST_MAP_READ) == FALSE) return GST_BUFFER_PTS(parsed);
  const PictureMark mark = MarkOf(*codec_, map.data, map.size);
  gst_buffer_unmap(parsed, &map);
  return mark;
}

}  // namespace jetfleet
