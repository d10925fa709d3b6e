/* A decoder that finds one object in the middle of every picture, whatever the model says. Compiled
 * with STEADY_VERSION it is of that version of the interface; with STEADY_CRASH it dies of what the
 * model says; with STEADY_UNNAMED nobody finds it. */
#include <stdlib.h>

#include "decoders/decoder_abi.h"

#ifndef STEADY_VERSION
#define STEADY_VERSION JFD_ABI_VERSION
#endif

static float width, height;

static int32_t Bind(const JfdModel* model, void** decoder, char* error, uint32_t error_bytes) {
  (void)error;
  (void)error_bytes;
  width = (float)model->input_width;
  height = (float)model->input_height;
  *decoder = 0;
  return 0;
}

static int32_t Decode(void* decoder, const JfdTensor* const* outputs, uint32_t output_count,
                      float min_score, JfdBox* boxes, uint32_t most) {
  (void)decoder;
  (void)outputs;
  (void)output_count;
#ifdef STEADY_CRASH
  abort();
#endif
  const JfdBox box = {width / 4, height / 4, width / 2, height / 2, 0.75f, 0};
  if (box.score < min_score || most < 1) return 0;
  boxes[0] = box;
  return 1;
}

static const JfdFunctions kFunctions = {
    sizeof(JfdFunctions), STEADY_VERSION, JFD_CHOSEN, 0, Bind, 0, Decode};

#ifdef STEADY_UNNAMED
#define JFD_ENTRY another_decoder
#else
#define JFD_ENTRY jetfleet_decoder
#endif

__attribute__((visibility("default"))) const JfdFunctions* JFD_ENTRY(uint32_t version) {
  (void)version;
  return &kFunctions;
}
