#pragma once

#include <gst/video/video.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/frame.h"
#include "core/media/access_unit.h"
#include "core/media/admission.h"
#include "core/media/arrivals.h"
#include "core/media/capture_clock.h"
#include "core/media/codec_table.h"
#include "core/media/coded_intake.h"
#include "core/media/head.h"
#include "core/media/in_decoder.h"
#include "core/media/nvmm.h"
#include "core/media/source_meter.h"

namespace jetfleet {

/// From coded pictures to frames, the same for every kind of source:
///
///   parser ! capsfilter ! [identity sync] ! [queue] ! DECODER ! CONVERTER ! capsfilter ! fakesink
///
/// Behind the parser each picture gets its AccessUnit and is let through or dropped; the decoder is
/// given only what it can decode whole. Nothing of a live source ever waits for the decoder: it has
/// the queue. A file is read by the decoder's own thread, which saves two changes of thread a
/// frame. Pictures are taken where the decoder gives them out, if they are as they should be, else
/// in front of the sink: elements that would only pass them on cost as much as scaling them.
class CodedPath {
 public:
  struct Options {
    bool live = false;
    /// Pictures come at the pace of their time stamps.
    bool realtime = false;
    /// The head tells of pictures that come (`NoteArrival`); else they are looked for in what the
    /// parser is given.
    bool arrivals_told = false;
    /// Pictures may stay in the decoder's own memory; null: the CPU must be able to read them.
    std::shared_ptr<const NvmmPictures> nvmm;
  };
  struct Callbacks {
    /// By the decoder's thread.
    std::function<void(FramePtr)> on_picture;
    /// A coded picture came, decodable or not. By the thread that receives.
    std::function<void()> on_coded;
    std::function<void(const Status&)> on_warning;
    /// Nothing can be read on.
    std::function<void(const Status&)> on_error;
    /// Pictures that were to stay in the decoder cannot: in front of the error.
    std::function<void()> on_other_memory;
    /// What the source tells of the picture of this presentation time.
    std::function<PictureTimes(GstClockTime)> times_of;
  };

  CodedPath(const Options& options, SourceMeter* meter, Callbacks callbacks);
  CodedPath(const CodedPath&) = delete;
  CodedPath& operator=(const CodedPath&) = delete;

  /// Makes the elements in `bin`, which owns them. The path must outlive their last streaming
  /// thread.
  Status Build(const CodecRow& codec, GstBin* bin);
  GstElement* parser() const { return parser_; }
  /// Something was lost in front of the parser.
  void NoteLoss() { admission_.NoteLoss(); }
  /// As Head's `on_arrival`.
  void NoteArrival(GstClockTime pts) { Arrived(pts); }
  /// Once no element runs any more: what came and is neither a frame nor counted never will be. An
  /// error that ended it tells enough.
  void CountWhatIsLeft(const Status& end);

 private:
  /// Between parser and decoder.
  struct Inlet {
    GstElement* caps = nullptr;
    /// Null where pictures come as fast as they can.
    GstElement* pacer = nullptr;
    GstElement* queue = nullptr;

    GstElement* Paced() const { return pacer == nullptr ? caps : pacer; }
  };
  Status Make(const CodecRow& codec, GstBin* bin, Inlet* inlet);
  Status Link(const CodecRow& codec, const Inlet& inlet, GstElement* converter);
  void Watch(const Inlet& inlet);
  void Count(DropReason reason, std::size_t count = 1);
  void Count(const Arrivals::Withheld& withheld) { Count(withheld.reason, withheld.count); }
  void Count(const InDecoder::Lost& lost);
  void Arrived(Arrivals::Name name);
  /// When the picture was taken, and how long it was on its way.
  void NoteCapture(AccessUnit* unit);
  void NoteRotation(GstEvent* event);
  /// Of the pictures that come from now on.
  void NoteCaps(const GstCaps* caps);
  /// What belongs to a picture of the decoder, and whether it goes on.
  GstPadProbeReturn CameOut(GstPadProbeInfo* info);
  /// The picture goes no further down.
  GstPadProbeReturn Deliver(GstPadProbeInfo* info);
  /// Null when it cannot be one.
  FramePtr FrameOf(GstBuffer* buffer, TimePoint now);
  bool IsBroken(GstBuffer* buffer, const AccessUnit& unit);

  static GstPadProbeReturn OnComing(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnParsed(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnEvent(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnDecoderInput(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnDecoderOutput(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnDecoderQuery(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnDecoderEvent(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnSinkQuery(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnSinkEvent(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn OnSinkPicture(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  const Options options_;
  SourceMeter* const meter_;
  const Callbacks callbacks_;
  // Owned by the bin.
  GstElement* parser_ = nullptr;
  GstElement* decoder_ = nullptr;
  GstElement* sink_ = nullptr;
  /// Set where pictures stay in the decoder's memory.
  const NvmmPictures* in_nvmm_ = nullptr;

  // For the parser's thread.
  Arrivals arrivals_;
  std::optional<CodedIntake> intake_;
  Admission admission_;
  CaptureDelay delay_;

  // For the decoder's thread.
  /// Of frames.
  GstPtr<GstCaps> wanted_;
  /// The decoder's own pictures are such.
  bool is_wanted_ = false;
  std::optional<GstVideoInfo> picture_;
  InDecoder in_decoder_;
  AccessUnitPtr decoding_;
  /// Pictures between parser and decoder that are to be frames.
  std::atomic<std::size_t> ahead_{0};
  std::uint64_t errors_before_ = 0;

  /// Drops are counted without a warning.
  bool quiet_ = false;

  std::atomic<Rotation> rotation_{Rotation::kNone};
  /// Time the decoder's thread has spent in `on_picture`, waiting for room behind it (files).
  std::atomic<Clock::duration::rep> held_up_{0};
};

}  // namespace jetfleet
