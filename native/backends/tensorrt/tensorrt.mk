# The TensorRT backend, one shared object per generation of the vendor's headers:
#   make tensorrt TENSORRT_INCLUDE=DIR      DIR holds NvInfer.h and NvOnnxParser.h
# What knows no vendor header (cuda/, files/) is compiled once and tested everywhere.
include backends/tensorrt/cuda/cuda.mk
TENSORRT_FILE_OBJECTS := $(patsubst %.cc,$(BUILD)/obj/%.o,$(wildcard backends/tensorrt/files/*.cc))

.PHONY: tensorrt
ifdef TENSORRT_INCLUDE
# "8.6", "10.6", "rtx-1.7": as the headers say.
TENSORRT_NAME := $(shell echo 'NV_TENSORRT_MAJOR.NV_TENSORRT_MINOR/TRT_MAJOR_RTX' \
  | $(CXX) -E -P -x c++ -I '$(TENSORRT_INCLUDE)' -include NvInferVersion.h - 2>/dev/null \
  | tail -1 | tr -d ' ' | sed 's,/TRT_MAJOR_RTX$$,,; t; s,\(.*\)/.*,rtx-\1,')
ifeq ($(TENSORRT_NAME),)
$(error $(TENSORRT_INCLUDE) holds no NvInferVersion.h: name a folder with TensorRT's headers (package libnvinfer-dev))
endif
TENSORRT_BACKEND := $(BUILD)/libjetfleet-backend-tensorrt-$(TENSORRT_NAME).so
TENSORRT_OBJECTS := $(patsubst backends/tensorrt/%.cc,$(BUILD)/obj/tensorrt-$(TENSORRT_NAME)/%.o,\
  $(wildcard backends/tensorrt/*.cc))
# Old versions' functions are called on purpose, where new ones are not there yet.
TENSORRT_FLAGS := -isystem $(TENSORRT_INCLUDE) -isystem backends/tensorrt/shim -Wno-deprecated-declarations

$(BUILD)/obj/tensorrt-$(TENSORRT_NAME)/%.o: backends/tensorrt/%.cc
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS_ALL) $(TENSORRT_FLAGS) -c $< -o $@

# Of core/ only the arithmetic of colours, which the kernels share.
$(TENSORRT_BACKEND): $(TENSORRT_OBJECTS) $(TENSORRT_FILE_OBJECTS) $(CUDA_OBJECTS) $(BUILD)/obj/core/prepare/rows.o
	$(CXX) -shared $(LDFLAGS_ALL) -Wl,--no-undefined -o $@ $^ -ldl

tensorrt: $(TENSORRT_BACKEND)

# Whether it compiles, in a third of the time.
TENSORRT_CHECKED := $(TENSORRT_OBJECTS:.o=.checked)
$(BUILD)/obj/tensorrt-$(TENSORRT_NAME)/%.checked: backends/tensorrt/%.cc \
  $(wildcard backends/*.h backends/tensorrt/*.h backends/tensorrt/*/*.h core/*/*.h)
	@mkdir -p $(@D)
	$(CXX) $(filter-out -MMD -MP,$(CXXFLAGS_ALL)) $(TENSORRT_FLAGS) -Werror -fsyntax-only $<
	@touch $@
.PHONY: tensorrt-compiles
tensorrt-compiles: $(TENSORRT_CHECKED)
endif

# --- TensorRT-RTX, for tests: it builds engines without a GPU. A vendor's library cannot be looked into by sanitizers.
RTX_HOME ?= $(CACHE_ROOT)/jetfleet/tensorrt-rtx-1.7
.PHONY: rtx
ifeq ($(SANITIZE),)
RTX_FOR_TESTS := rtx
RTX_ENVIRONMENT = JETFLEET_OTHER_TENSORRT=$(abspath $(BUILD)/other-tensorrt) \
  JETFLEET_TENSORRT_RTX_BACKEND=$(abspath $(BUILD)/libjetfleet-backend-tensorrt-rtx-1.7.so) \
  JETFLEET_TENSORRT_RTX=$$(test -d $(RTX_HOME)/lib && echo $(RTX_HOME)/lib)
endif
OTHER_TENSORRT := $(BUILD)/other-tensorrt/10300.so $(BUILD)/other-tensorrt/10701.so
# Where it cannot be had, that is said and the tests are skipped.
rtx: $(OTHER_TENSORRT)
	@if node backends/tensorrt/fetch-rtx.mjs $(RTX_HOME); then \
	  $(MAKE) --no-print-directory tensorrt TENSORRT_INCLUDE=$(RTX_HOME)/include && \
	  for other in rtx-1.3 11.4; do $(MAKE) --no-print-directory tensorrt-compiles \
	    TENSORRT_INCLUDE=$(RTX_HOME)/headers/$$other || exit 1; done; fi

$(BUILD)/other-tensorrt/%.so: ../test/native/other_tensorrt.cc
	@mkdir -p $(@D)
	$(CXX) -O1 -fPIC -shared -DOTHER_VERSION=$* -o $@ $<
