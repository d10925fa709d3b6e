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

# NVRTC, for tests: it compiles the kernels for every board without a GPU. Where it cannot be had, that is said and the
# test is skipped.
NVRTC_HOME ?= $(CACHE_ROOT)/jetfleet/nvrtc-12.9
.PHONY: nvrtc
ifeq ($(SANITIZE),)
NVRTC_FOR_TESTS := nvrtc
NVRTC_ENVIRONMENT = JETFLEET_NVRTC_FOR_BOARDS=$$(test -d $(NVRTC_HOME) && echo $(NVRTC_HOME)/libnvrtc.so.12)
endif
nvrtc:
	@node backends/tensorrt/cuda/fetch-nvrtc.mjs $(NVRTC_HOME) || true
