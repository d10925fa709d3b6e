# The simulated camera. Usable by itself: make -C native -f camera/camera.mk camera
ifndef SCENE_OBJECTS
include scene/scene.mk
endif

CAMERA_PACKAGES := gstreamer-1.0 gstreamer-app-1.0 gstreamer-rtsp-server-1.0
CAMERA_CXXFLAGS = -std=c++17 -O2 -Wall -Wextra -I. -Iscene $(shell pkg-config --cflags $(CAMERA_PACKAGES))
CAMERA_LIBS = $(shell pkg-config --libs $(CAMERA_PACKAGES)) -pthread
CAMERA_SOURCES := clip clip_feed feed main options scene_feed server stamp
CAMERA_OBJECTS := $(CAMERA_SOURCES:%=$(BUILD)/camera/%.o) $(BUILD)/camera/sei.o $(BUILD)/camera/nal.o

.PHONY: camera
camera all: $(BUILD)/jetfleet-camera

$(BUILD)/camera/%.o: camera/%.cc
	@mkdir -p $(@D)
	$(CXX) $(CAMERA_CXXFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/camera/sei.o: core/sei.cc
$(BUILD)/camera/nal.o: core/media/nal.cc
$(BUILD)/camera/sei.o $(BUILD)/camera/nal.o:
	@mkdir -p $(@D)
	$(CXX) $(CAMERA_CXXFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/jetfleet-camera: $(CAMERA_OBJECTS) $(SCENE_OBJECTS)
	$(CXX) -o $@ $^ $(CAMERA_LIBS)

-include $(wildcard $(BUILD)/camera/*.d)
