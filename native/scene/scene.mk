# The scene: jetfleet-scene (command) and libjetfleet-scene.so (for the trainer). Usable by itself:
#   make -C native -f scene/scene.mk scene
# Floating-point contraction is off so that a frame is the same whatever the processor.
BUILD ?= build
CXX ?= g++
SCENE_CXXFLAGS := -std=c++17 -O3 -Wall -Wextra -fPIC -fvisibility=hidden -ffp-contract=off -Iscene
SCENE_SOURCES := backdrop bicycle body canvas furniture light output pen person scene street traffic vehicle
SCENE_OBJECTS := $(SCENE_SOURCES:%=$(BUILD)/scene/%.o)

.PHONY: scene
scene all: $(BUILD)/jetfleet-scene $(BUILD)/libjetfleet-scene.so

$(BUILD)/scene/%.o: scene/%.cc
	@mkdir -p $(@D)
	$(CXX) $(SCENE_CXXFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/jetfleet-scene: $(SCENE_OBJECTS) $(BUILD)/scene/main.o
	$(CXX) -o $@ $^

$(BUILD)/libjetfleet-scene.so: $(SCENE_OBJECTS) $(BUILD)/scene/capi.o
	$(CXX) -shared -o $@ $^

-include $(wildcard $(BUILD)/scene/*.d)
