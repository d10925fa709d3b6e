#include "core/media/file_head.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/media/elements.h"
#include "core/media/gst_error.h"

namespace jetfleet {
namespace {

const char* KindOf(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "something else";
}

/// Opening anything but a regular file can wait for ever, and nobody could stop it.
Status CheckFile(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) {
    return Status::Error(ErrorCode::kSourceUnreachable,
                         "Cannot read the file " + path + ": " + g_strerror(errno));
  }
  if (!S_ISREG(about.st_mode)) {
    return Status::Error(ErrorCode::kSourceUnsupported,
                         "Expected a regular file but " + path + " is " + KindOf(about.st_mode));
  }
  const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) {
    return Status::Error(ErrorCode::kSourceUnreachable,
                         "Cannot read the file " + path + ": " + g_strerror(errno));
  }
  close(file);
  if (about.st_size == 0) {
    return Status::Error(ErrorCode::kSourceFormat,
                         "Expected a video but the file " + path + " is empty");
  }
  return Status::Ok();
}

/// "video" of "video/x-h264".
std::string KindOf(const std::string& caps_name) {
  return caps_name.substr(0, caps_name.find('/'));
}

/// Motion JPEG is an image to GStreamer; a picture (cover art) has no rate, or one a second.
bool IsMoving(GstCaps* caps) {
  int rate = 0;
  int per = 1;
  return gst_caps_get_size(caps) > 0 &&
         gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &rate, &per) !=
             FALSE &&
         rate > per;
}

std::string NameOf(GstCaps* caps) {
  if (caps == nullptr || gst_caps_is_any(caps) != FALSE || gst_caps_is_empty(caps) != FALSE)
    return "";
  return gst_structure_get_name(gst_caps_get_structure(caps, 0));
}

}  // namespace

FileHead::FileHead(const SourceUri& uri, const CodecRow& codec, Callbacks callbacks)
    : uri_(uri), callbacks_(std::move(callbacks)), choice_(codec) {}

Status FileHead::Build(GstBin* bin, GstElement* parser) {
  bin_ = bin;
  parser_ = parser;
  const Status readable = CheckFile(uri_.location);
  if (!readable.ok()) return readable;
  GstElement* source = nullptr;
  GstElement* parsebin = nullptr;
  Status status = MakeElementIn(bin, "filesrc", &source);
  if (status.ok()) status = MakeElementIn(bin, "parsebin", &parsebin);
  if (!status.ok()) return status;
  g_object_set(source, "location", uri_.location.c_str(), nullptr);
  g_signal_connect(parsebin, "pad-added", G_CALLBACK(OnPadAdded), this);
  g_signal_connect(parsebin, "no-more-pads", G_CALLBACK(OnNoMorePads), this);
  g_signal_connect(parsebin, "autoplug-continue", G_CALLBACK(OnAutoplug), this);
  g_signal_connect(parsebin, "deep-element-added", G_CALLBACK(OnElement), this);
  if (gst_element_link(source, parsebin) == FALSE) {
    return Status::Error(ErrorCode::kInternal, "Cannot link filesrc to parsebin");
  }
  return Status::Ok();
}

/// Not looked into are streams that are not read anyway, for their parser may not be installed, and
/// those that may be: they are parsed behind it, where what comes and does not leave is noticed.
gboolean FileHead::OnAutoplug(GstElement*, GstPad*, GstCaps* caps, gpointer) {
  const std::string name = NameOf(caps);
  const std::string kind = KindOf(name);
  if (CodecByCaps(name) != nullptr && (kind == "video" || IsMoving(caps))) return FALSE;
  return kind != "audio" && kind != "text" && kind != "subpicture" ? TRUE : FALSE;
}

void FileHead::OnElement(GstBin*, GstBin*, GstElement* element, gpointer self) {
  GstElementFactory* factory = gst_element_get_factory(element);
  if (factory == nullptr) return;
  const std::string name = GST_OBJECT_NAME(factory);
  // These know how long they are; others only guess.
  if (name != "qtdemux" && name != "matroskademux") return;
  auto* head = static_cast<FileHead*>(self);
  const std::lock_guard<std::mutex> lock(head->mutex_);
  head->demuxer_.reset(GST_ELEMENT(gst_object_ref(element)));
}

void FileHead::OnPadAdded(GstElement*, GstPad* pad, gpointer self) {
  static_cast<FileHead*>(self)->Link(pad);
}

void FileHead::Link(GstPad* pad) {
  GstPtr<GstCaps> caps(gst_pad_get_current_caps(pad));
  if (caps == nullptr) caps.reset(gst_pad_query_caps(pad, nullptr));
  const std::string name = NameOf(caps.get());
  // It comes as it is where nothing is installed that opens it.
  const std::string demuxer = DemuxerOf(caps.get());
  if (!demuxer.empty()) callbacks_.on_error(MissingElement(demuxer));
  bool wanted = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool moving = KindOf(name) == "image" && IsMoving(caps.get());
    wanted = choice_.Offer(moving ? "video" : KindOf(name), name, CodecByCaps(name));
  }
  if (wanted) {
    const GstPtr<GstPad> target(gst_element_get_static_pad(parser_, "sink"));
    if (gst_pad_link(pad, target.get()) == GST_PAD_LINK_OK) return;
    return callbacks_.on_error(
        Status::Error(ErrorCode::kSourceFormat, "Cannot read " + name + " from " + uri_.shown));
  }
  GstElement* nowhere = nullptr;
  const Status made = MakeElementIn(bin_, "fakesink", &nowhere);
  if (!made.ok()) return callbacks_.on_error(made);
  g_object_set(nowhere, "sync", FALSE, "async", FALSE, nullptr);
  const GstPtr<GstPad> target(gst_element_get_static_pad(nowhere, "sink"));
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, OnOtherEvent, this, nullptr);
  gst_pad_link(pad, target.get());
  gst_element_sync_state_with_parent(nowhere);
}

/// A file without a track that is read comes to no end by itself: nothing reaches the decoder.
GstPadProbeReturn FileHead::OnOtherEvent(GstPad*, GstPadProbeInfo* info, gpointer self) {
  if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS) OnNoMorePads(nullptr, self);
  return GST_PAD_PROBE_OK;
}

void FileHead::OnNoMorePads(GstElement*, gpointer self) {
  auto* head = static_cast<FileHead*>(self);
  const Status verdict = head->Verdict();
  if (!verdict.ok()) head->callbacks_.on_error(verdict);
}

Status FileHead::Verdict() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (choice_.instead() != nullptr) callbacks_.on_other_codec(*choice_.instead());
  return choice_.Verdict(uri_.shown);
}

Status FileHead::Explain(GstMessage* error) { return StatusOfErrorMessage(error, uri_); }

std::optional<GstClockTime> FileHead::Duration() {
  const std::lock_guard<std::mutex> lock(mutex_);
  gint64 duration = 0;
  if (demuxer_ == nullptr ||
      gst_element_query_duration(demuxer_.get(), GST_FORMAT_TIME, &duration) == FALSE ||
      duration <= 0) {
    return std::nullopt;
  }
  return static_cast<GstClockTime>(duration);
}

}  // namespace jetfleet
