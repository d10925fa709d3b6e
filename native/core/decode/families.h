#pragma once

#include "core/decode/model_check.h"
#include "core/decode/output_decoder.h"

/// Families of models: each function makes one's decoder for a model, or says with MODEL_INVALID
/// what the family has that the model has not. `FitPicture` was asked already.
namespace jetfleet {

using BindFamily = Status (*)(const DecoderOptions& options, const ModelIo& io,
                              std::unique_ptr<OutputDecoder>* decoder);

Status BindYolox(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindYoloxDecoded(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindFastestDet(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindYolov2(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindYolov3(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindYolov4(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindYolov5(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindYolov8(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindYoloEndToEnd(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindNanoDet(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindSsdTf(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindDetectionOutput(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindEfficientNms(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindRtDetr(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindDetr(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindUltraface(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindYunet(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindCenterNet(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindClassification(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
/// What the operator ships with the model (decoders/decoder_abi.h).
Status BindLibrary(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);
Status BindReid(const DecoderOptions&, const ModelIo&, std::unique_ptr<OutputDecoder>*);

/// What became of a model at one family that may be inferred.
struct Candidate {
  std::string name;
  Status status;
};
/// Of all families that may be inferred, in the registry's order.
std::vector<Candidate> TryFamilies(const DecoderOptions& options, const ModelInfo& info);

}  // namespace jetfleet
