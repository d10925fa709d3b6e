#include <string>

#include "core/media/coded_path.h"
#include "core/media/elements.h"

namespace jetfleet {
namespace {

GstPtr<GstPad> PadOf(GstElement* element, const char* name) {
  return GstPtr<GstPad>(gst_element_get_static_pad(element, name));
}

void Probe(GstElement* element, const char* pad, GstPadProbeType type, GstPadProbeCallback callback,
           gpointer self) {
  gst_pad_add_probe(PadOf(element, pad).get(), type, callback, self, nullptr);
}

}  // namespace

Status CodedPath::Build(const CodecRow& codec, GstBin* bin) {
  OpenedDecoder opened;
  Status status = OpenDecoder(codec, options_.nvmm == nullptr ? Nvmm::kNo : Nvmm::kMay,
                              callbacks_.on_warning, &opened);
  if (!status.ok()) return status;
  decoder_ = opened.decoder;
  if (opened.row->memory == MemoryKind::kNvmm) in_nvmm_ = options_.nvmm.get();
  gst_bin_add_many(bin, opened.decoder, opened.converter, nullptr);
  const bool is_raw = codec.read == &ReadRaw;
  meter_->SetDecoder(is_raw ? "none" : opened.row->decoder);

  Inlet inlet;
  status = Make(codec, bin, &inlet);
  if (!status.ok()) return status;
  wanted_.reset(gst_caps_from_string(opened.row->caps));
  status = Link(codec, inlet, opened.converter);
  if (!status.ok()) return status;
  // Of pictures that were never coded none is withheld.
  if (!options_.arrivals_told && !is_raw) intake_.emplace(codec);
  if (!options_.live) arrivals_.SetMostInside(Arrivals::kMany);
  Watch(inlet);
  // A converter of a board brings memory of its own.
  if (std::string("videoconvert") == opened.row->converter) {
    Probe(opened.converter, "sink", GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, OnDecoderQuery, this);
  }
  return status;
}

Status CodedPath::Make(const CodecRow& codec, GstBin* bin, Inlet* inlet) {
  admission_.SetReader(codec.read());
  Status status = MakeElementIn(bin, codec.parser, &parser_);
  if (!status.ok() && !codec.needs_parser) status = MakeElementIn(bin, "identity", &parser_);
  if (status.ok()) status = MakeElementIn(bin, "capsfilter", &inlet->caps);
  if (status.ok() && options_.realtime) status = MakeElementIn(bin, "identity", &inlet->pacer);
  if (status.ok() && options_.live) status = MakeElementIn(bin, "queue", &inlet->queue);
  if (status.ok()) status = MakeElementIn(bin, "fakesink", &sink_);
  if (!status.ok()) return status;
  const GstPtr<GstCaps> parsed(gst_caps_from_string(codec.parsed_caps));
  g_object_set(inlet->caps, "caps", parsed.get(), nullptr);
  if (inlet->pacer != nullptr) g_object_set(inlet->pacer, "sync", TRUE, nullptr);
  // Bounded by the gate, which drops up to key pictures instead of blocking.
  if (inlet->queue != nullptr) {
    g_object_set(inlet->queue, "max-size-buffers", 0, "max-size-bytes", 0, "max-size-time",
                 guint64{0}, nullptr);
  }
  // It sees no picture, so it must not wait for the first; pacing, queues and drops are our own.
  g_object_set(sink_, "async", FALSE, "sync", FALSE, nullptr);
  return status;
}

Status CodedPath::Link(const CodecRow& codec, const Inlet& inlet, GstElement* converter) {
  bool linked = true;
  GstElement* last = parser_;
  for (GstElement* const next : {inlet.caps, inlet.pacer, inlet.queue, decoder_, converter}) {
    if (next == nullptr) continue;
    linked = linked && gst_element_link(last, next) != FALSE;
    last = next;
  }
  linked = linked && gst_element_link_filtered(converter, sink_, wanted_.get()) != FALSE;
  if (linked) return Status::Ok();
  return Status::Error(ErrorCode::kInternal,
                       std::string("Cannot link GStreamer elements of ") + codec.name);
}

void CodedPath::Watch(const Inlet& inlet) {
  if (intake_) {
    Probe(parser_, "sink",
          static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                       GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
          OnComing, this);
  }
  Probe(inlet.Paced(), "src", GST_PAD_PROBE_TYPE_BUFFER, OnParsed, this);
  Probe(inlet.Paced(), "src", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, OnEvent, this);
  Probe(decoder_, "sink", GST_PAD_PROBE_TYPE_BUFFER, OnDecoderInput, this);
  Probe(decoder_, "src", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, OnDecoderEvent, this);
  Probe(decoder_, "src", GST_PAD_PROBE_TYPE_BUFFER, OnDecoderOutput, this);
  Probe(sink_, "sink", GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, OnSinkQuery, this);
  Probe(sink_, "sink", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, OnSinkEvent, this);
  Probe(sink_, "sink", GST_PAD_PROBE_TYPE_BUFFER, OnSinkPicture, this);
}

}  // namespace jetfleet
