/* A decoder of an operator's own, as small as one can be: its model's only output is [1,R,6], rows
 * of left, top, width, height, score and label. */
#include <stdio.h>

#include "decoders/decoder_abi.h"

static int32_t Bind(const JfdModel* model, void** decoder, char* error, uint32_t error_bytes) {
  if (model->output_count != 1 || model->outputs[0]->rank != 3 || model->outputs[0]->dims[2] != 6) {
    snprintf(error, error_bytes, "expected one output [1,R,6] in a picture of %d x %d",
             model->input_width, model->input_height);
    return 1;
  }
  *decoder = 0;
  return 0;
}

static int32_t Decode(void* decoder, const JfdTensor* const* outputs, uint32_t output_count,
                      float min_score, JfdBox* boxes, uint32_t most) {
  (void)decoder;
  if (output_count != 1) return -1;
  const float* row = outputs[0]->values;
  int32_t count = 0;
  for (uint64_t i = 0; i < outputs[0]->count / 6; ++i, row += 6) {
    if (!(row[4] >= min_score)) continue;
    if ((uint32_t)count < most) {
      const JfdBox box = {row[0], row[1], row[2], row[3], row[4], (int32_t)row[5]};
      boxes[count] = box;
    }
    ++count;
  }
  return count;
}

static const JfdFunctions kFunctions = {
    sizeof(JfdFunctions), JFD_ABI_VERSION, JFD_CHOSEN, 0, Bind, 0, Decode};

__attribute__((visibility("default"))) const JfdFunctions* jetfleet_decoder(uint32_t version) {
  return version == JFD_ABI_VERSION ? &kFunctions : 0;
}
