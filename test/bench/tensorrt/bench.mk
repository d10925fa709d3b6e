# The bench of the TensorRT backend, for a machine with a GPU: no Node, no GStreamer, libyuv within.
TENSORRT_BENCH := $(BUILD)/jetfleet-tensorrt-bench
TENSORRT_BENCH_CORE := geometry status prepare/host_preparer prepare/picture_scaler prepare/plane_scaler \
  prepare/resize_rgb prepare/rows prepare/spread decode/placement decode/nms decode/candidates decode/yolox decode/fastestdet \
  decode/model_check decode/output_decoder infer/abi memory/surface memory/buffer memory/tensor
TENSORRT_BENCH_OBJECTS := $(patsubst ../test/bench/tensorrt/%.cc,$(BUILD)/obj/tensorrt-bench/%.o,\
  $(wildcard ../test/bench/tensorrt/*.cc)) $(TENSORRT_BENCH_CORE:%=$(BUILD)/obj/core/%.o) $(CUDA_OBJECTS) \
  $(SCENE_OBJECTS)

$(BUILD)/obj/tensorrt-bench/%.o: ../test/bench/tensorrt/%.cc
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS_ALL) -O3 -ffp-contract=off -c $< -o $@

.PHONY: tensorrt-bench
tensorrt-bench: $(TENSORRT_BENCH)
$(TENSORRT_BENCH): $(TENSORRT_BENCH_OBJECTS)
	$(CXX) $(LDFLAGS_ALL) -static-libstdc++ -static-libgcc -o $@ $^ -l:libyuv.a -ldl
