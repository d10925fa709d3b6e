# What of the TensorRT backend knows CUDA only: no vendor header, so it is compiled and tested everywhere.
CUDA_OBJECTS := $(patsubst %.cc,$(BUILD)/obj/%.o,$(wildcard backends/tensorrt/cuda/*.cc))
