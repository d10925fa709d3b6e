// What a test takes for the vendor's library: of version OTHER_VERSION, and it throws instead of
// making a builder, as TensorRT 10.6 does without a driver.
#include <stdexcept>

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int getInferLibVersion() { return OTHER_VERSION; }

EXPORTED void* createInferBuilder_INTERNAL(void*, int) {
  throw std::runtime_error("no driver that I like");
}
