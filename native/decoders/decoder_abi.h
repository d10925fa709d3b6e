/* A decoder of the operator's own: a shared object that turns what a model answers into boxes.
 *
 * A program names it as `decoderLibrary` of a Model, one object for each kind of machine. The
 * operator signs their digests, and the runtime loads those very bytes, from memory that nobody can
 * change, or none. It runs in the process of its pipeline with that process's rights, which are an
 * unprivileged user's: a crash ends that process, not the agent.
 *
 * The object exports `jetfleet_decoder`. No C++ type, exception or allocation crosses. Every struct
 * begins with `struct_size`, set by whoever fills it; new members come at the end, and what lies
 * beyond the other's size is not there. JFD_ABI_VERSION changes only when that does not suffice;
 * other versions are refused.
 *
 * Threads: `decode` may be called by several threads at once. It is in the frames' path: it must
 * not wait, and must not keep what it was given. */
#ifndef JETFLEET_DECODERS_DECODER_ABI_H_
#define JETFLEET_DECODERS_DECODER_ABI_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JFD_ABI_VERSION 1u
#define JFD_MAX_RANK 8
#define JFD_SYMBOL "jetfleet_decoder"

enum JfdFlag {
  /* Boxes are chosen already; without it, of boxes of one label that overlap the best stays. */
  JFD_CHOSEN = 1
};

/* An output of the model for one picture: dims[0] is 1. Values are float32, whatever the model has;
 * null while the decoder is bound. A dimension that the model leaves open is -1. */
typedef struct JfdTensor {
  uint32_t struct_size;
  int32_t rank;
  const char* name;
  int64_t dims[JFD_MAX_RANK];
  const float* values;
  uint64_t count;
} JfdTensor;

typedef struct JfdModel {
  uint32_t struct_size;
  int32_t input_width, input_height;
  uint32_t label_count;
  uint32_t output_count;
  const JfdTensor* const* outputs;
} JfdModel;

/* In pixels of the model's input. `label` from 0. */
typedef struct JfdBox {
  float left, top, width, height, score;
  int32_t label;
} JfdBox;

typedef struct JfdFunctions {
  uint32_t struct_size;
  uint32_t abi_version;
  /* JfdFlag, summed. */
  uint32_t flags;
  uint32_t reserved;
  /* Whether the model is one that this decoder reads: 0, and its own state in `decoder`; else what
   * is wrong with it as text in `error`, which has room for `error_bytes` with the NUL. */
  int32_t (*bind)(const JfdModel* model, void** decoder, char* error, uint32_t error_bytes);
  /* Once for each `bind` that returned 0. May be null. */
  void (*unbind)(void* decoder);
  /* Writes boxes of at least `min_score`, at most `most`; returns how many there were, or less than
   * 0 when the outputs cannot be read: the picture then has none. */
  int32_t (*decode)(void* decoder, const JfdTensor* const* outputs, uint32_t output_count,
                    float min_score, JfdBox* boxes, uint32_t most);
} JfdFunctions;

/* Null when the version asked for is not the decoder's own. */
typedef const JfdFunctions* (*JfdEntry)(uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif /* JETFLEET_DECODERS_DECODER_ABI_H_ */
