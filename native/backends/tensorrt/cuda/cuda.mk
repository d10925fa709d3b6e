# What of the TensorRT backend knows CUDA only: no vendor header, so it is compiled and tested everywhere.
CUDA_SOURCES := $(wildcard backends/tensorrt/cuda/*.cc)
CUDA_OBJECTS := $(patsubst %.cc,$(BUILD)/obj/%.o,$(CUDA_SOURCES))
# Kernels and their tests must round alike on every compiler.
CUDA_FLAGS := -ffp-contract=off -I$(BUILD)/generated
$(BUILD)/obj/backends/tensorrt/cuda/%.o $(BUILD)/tidy/backends/tensorrt/cuda/%.ok: EXTRA_FLAGS += $(CUDA_FLAGS)

# Kernels as lists of bytes, for NVRTC to compile on the device.
KERNELS := $(patsubst backends/tensorrt/cuda/kernels/%.cu,$(BUILD)/generated/kernels/%.inc,$(wildcard backends/tensorrt/cuda/kernels/*.cu))
$(BUILD)/generated/kernels/%.inc: backends/tensorrt/cuda/kernels/%.cu
	@mkdir -p $(@D)
	od -An -v -tu1 $< | sed 's/ *\([0-9][0-9]*\)/\1,/g; $$ s/,$$//' > $@
$(BUILD)/obj/backends/tensorrt/cuda/embedded.o $(BUILD)/tidy/backends/tensorrt/cuda/embedded.ok: | $(KERNELS)
