/* The border between the runtime and an inference library: a C ABI.
 *
 * A backend is a shared object that exports `jetfleet_backend`. No C++ type, exception or
 * allocation crosses, so each side may be built with a compiler and C++ runtime of its own.
 *
 * Growth. Every struct begins with `struct_size`, set by whoever fills it; new members come at the
 * end. A reader takes what both know: members beyond the other's size read as zero, and zero always
 * means "not said". A writer into a caller's struct leaves alone what lies beyond the caller's
 * size. Structs that are passed many at a time are passed as arrays of pointers. Function tables
 * follow the same rule: a function beyond the other's table, or null, is one that the backend does
 * not have. A struct smaller than it was in the first version is a mistake and refused.
 * JF_ABI_VERSION changes only when this does not suffice; other versions are refused.
 *
 * Text is UTF-8 and ends with NUL; what a backend hands out lives as long as the object asked.
 * Whatever is passed in need only live until the call returns, unless it says otherwise. Every
 * function that can fail returns JF_OK or another JfCode, and then has filled `error`, if given.
 *
 * Threads: backend and program may be used by any number of threads at once, a context by one at a
 * time (`wait` may run beside `submit`). */
#ifndef JETFLEET_BACKENDS_BACKEND_ABI_H_
#define JETFLEET_BACKENDS_BACKEND_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JF_ABI_VERSION 1u
#define JF_MAX_RANK 8
#define JF_MAX_PLANES 3
#define JF_BACKEND_SYMBOL "jetfleet_backend"

enum JfCode {
  JF_OK = 0,
  JF_INTERNAL = 1,
  /* The model cannot be read, is of no use here, or does not run. */
  JF_MODEL_INVALID = 2,
  /* The vendor's library is absent, of the wrong version or not what it should be. */
  JF_LIBRARY = 3,
  /* This backend, or the device, does not do what was asked. */
  JF_UNSUPPORTED = 4,
  JF_CANCELLED = 5,
  JF_OUT_OF_MEMORY = 6
};

enum JfType {
  JF_UNKNOWN_TYPE = 0, /* none of these: `type_name` says which */
  JF_FLOAT32 = 1,
  JF_FLOAT16 = 2,
  JF_UINT8 = 3,
  JF_INT8 = 4,
  JF_INT32 = 5,
  JF_INT64 = 6,
  JF_BOOL = 7
};

enum JfLayout { JF_PLAIN = 0, JF_NCHW = 1, JF_NHWC = 2 };

/* Kinds of memory; sets of them are sums. */
enum JfMemory { JF_HOST = 1, JF_PINNED = 2, JF_CUDA = 4, JF_NVMM = 8 };

enum JfFeature {
  /* `build` makes an engine for this machine from a portable model. */
  JF_BUILDS = 1,
  /* `build` tells for each layer where it went and why. */
  JF_REPORTS_LAYERS = 2,
  /* `load` is refused on this machine, for want of a driver; `build` works. */
  JF_ONLY_BUILDS = 4,
  /* A build that is cancelled ends at the builder's next step: milliseconds with TensorRT-RTX, up
   * to 1.4 s were seen with TensorRT 10.6. Without it, between two phases. */
  JF_CANCELS_AT_ONCE = 8,
  /* `prepare` takes pictures in NVMM memory, by their DMA-BUFs. */
  JF_TAKES_NVMM = 16
};

/* How `build` goes about it. */
enum JfBuildFlag {
  /* FP32 may be computed with the 10-bit mantissa of TF32. */
  JF_ALLOW_TF32 = 1,
  /* Layers that a DLA does not take go to the GPU; without it such a build fails. */
  JF_GPU_FALLBACK = 2,
  /* INT8 ranges are the least and greatest values seen, not those that lose least information. */
  JF_MIN_MAX_RANGES = 4
};

enum JfSeverity { JF_WARNING = 1, JF_ERROR = 2 };

typedef struct JfBackend JfBackend;
typedef struct JfProgram JfProgram;
typedef struct JfContext JfContext;

typedef struct JfError {
  uint32_t struct_size;
  int32_t code;
  char message[1024];
} JfError;

typedef struct JfOpenOptions {
  uint32_t struct_size;
  /* Path of the vendor's library. */
  const char* runtime_path;
} JfOpenOptions;

typedef struct JfCapabilities {
  uint32_t struct_size;
  /* JfFeature, summed. */
  uint32_t features;
  /* "onnxruntime", "tensorrt", … and the version of the vendor's library that was opened. */
  const char* name;
  const char* vendor_version;
  /* "cpu", "gpu", "dla0", …; the first is the default. */
  const char* const* accelerators;
  uint32_t accelerator_count;
  /* Submitted runs of one context that gain from each other; more wait their turn. */
  uint32_t tickets;
  /* What `prepare` can work with: "cuda", "vic"; the first is the default. None: the caller
   * prepares on the CPU. */
  uint32_t preprocessor_count;
  const char* const* preprocessors;
  /* The GPU that contexts run on: its name as the driver has it, 86 for 8.6, and its streaming
   * multiprocessors. Null and 0 without one; then `no_device` says why, where it is a backend of
   * GPUs. */
  const char* device_name;
  uint32_t compute_capability;
  uint32_t multiprocessors;
  const char* no_device;
} JfCapabilities;

/* Shapes of an input whose dimensions are open: smallest, the one to be fast for, and greatest. */
typedef struct JfShapeRange {
  uint32_t struct_size;
  int32_t rank;
  const char* input;
  int64_t min[JF_MAX_RANK];
  int64_t opt[JF_MAX_RANK];
  int64_t max[JF_MAX_RANK];
} JfShapeRange;

typedef struct JfBuildOptions {
  uint32_t struct_size;
  const char* model_path;
  /* Written whole or not at all. */
  const char* engine_path;
  /* One of `accelerators`; null: the default. */
  const char* accelerator;
  /* "fp32", "fp16", "int8"; null: as the model is. */
  const char* precision;
  /* Threads of one inference, where that is built in; 0: as the backend likes. */
  uint32_t threads;
  /* JfBuildFlag, summed. */
  uint32_t flags;
  /* Scratch memory that layers may use, in bytes; 0: as the library likes. */
  uint64_t workspace_bytes;
  /* 1: least time spent on choosing kernels, 6: most; 0: as the library likes. */
  uint32_t effort;
  uint32_t shape_count;
  const JfShapeRange* const* shapes;
  /* INT8 ranges. The table is read if it is there; else they are found by running what lies in the
   * data folder, files of raw values of the input in the order of their names, and the table is
   * written. */
  const char* calibration_table_path;
  const char* calibration_data_path;
  /* Read if it is there, and written. */
  const char* timing_cache_path;
  /* What the engine was made of and for, kept with it; `load` compares. */
  const char* engine_key;
  /* Signs the engine (HMAC-SHA-256); null: not signed. */
  const uint8_t* mac_key;
  uint32_t mac_key_bytes;
  /* Of the GPU to build for, 86 for 8.6, where the library can build for another than this
   * machine's; 0: this machine's. */
  uint32_t compute_capability;
  /* Of `float32_nodes`: names of ONNX nodes that compute in float32 whatever the precision. */
  uint32_t float32_node_count;
  const char* const* float32_nodes;
  /* Limits of further pools of memory, in bytes; 0: as the library likes. A DLA core's SRAM, its
   * DRAM for itself and for what it shares; what kernels of the GPU may share within a block. */
  uint64_t dla_managed_sram_bytes;
  uint64_t dla_local_dram_bytes;
  uint64_t dla_global_dram_bytes;
  uint64_t tactic_shared_memory_bytes;
} JfBuildOptions;

typedef struct JfLayer {
  uint32_t struct_size;
  const char* name;
  const char* type;
  /* Where it will run, and why not where it was wanted; null when it is where it was wanted. */
  const char* accelerator;
  const char* reason;
} JfLayer;

/* What a model does not have right. */
typedef struct JfProblem {
  uint32_t struct_size;
  int32_t severity;
  /* Name of the ONNX node (or initializer) and its operator; empty when it is about neither. */
  const char* node;
  const char* op;
  const char* message;
} JfProblem;

/* Called from the thread that called `build`, or from one that it waits for. Any may be null. */
typedef struct JfBuildEvents {
  uint32_t struct_size;
  void* user;
  /* `share` from 0 to 1; `step` in a few words. */
  void (*progress)(void* user, double share, const char* step);
  /* Asked again and again; other than 0: the build ends with JF_CANCELLED as soon as it can. */
  int32_t (*cancelled)(void* user);
  void (*layer)(void* user, const JfLayer* layer);
  /* Each node that is refused, and each warning; `error` holds the first in short. */
  void (*problem)(void* user, const JfProblem* problem);
} JfBuildEvents;

typedef struct JfLoadOptions {
  uint32_t struct_size;
  /* A portable model, or an engine of this backend's `build`. */
  const char* path;
  /* Threads of one inference; 0: as the backend likes. */
  uint32_t threads;
  uint32_t mac_key_bytes;
  /* One of `accelerators`; null: the default. */
  const char* accelerator;
  /* An engine with another key, or not signed with that MAC key, is refused before the vendor's
   * library sees it; null: not compared. */
  const char* engine_key;
  const uint8_t* mac_key;
} JfLoadOptions;

/* One input or output of a program. A dimension that only the run knows is -1 in `opt` when nothing
 * bounds it; else `min` and `max` differ. */
typedef struct JfIo {
  uint32_t struct_size;
  int32_t type;
  int32_t layout;
  /* JfMemory that it may lie in, summed. */
  uint32_t memory;
  const char* name;
  const char* type_name;
  int32_t rank;
  int32_t zero_point;
  int64_t min[JF_MAX_RANK];
  int64_t opt[JF_MAX_RANK];
  int64_t max[JF_MAX_RANK];
  /* real = (stored - zero_point) * scale; 0: not quantised. */
  float scale;
} JfIo;

typedef struct JfContextOptions {
  uint32_t struct_size;
  /* Null: the default. */
  const char* accelerator;
  /* One of `preprocessors`; null: the default. */
  const char* preprocessor;
} JfContextOptions;

typedef struct JfTensor {
  uint32_t struct_size;
  int32_t type;
  int32_t memory;
  int32_t device;
  /* An address of that kind of memory. */
  void* data;
  uint64_t bytes;
  int32_t rank;
  int64_t dims[JF_MAX_RANK];
} JfTensor;

/* A picture for `prepare`. Numbers of formats, matrices, ranges and rotations are those of
 * core/memory, which a test holds. */
typedef struct JfSurface {
  uint32_t struct_size;
  int32_t memory;
  int32_t device;
  int32_t dmabuf_fd; /* -1: none */
  int32_t format;
  int32_t matrix;
  int32_t range;
  int32_t rotation;
  int32_t coded_width, coded_height;
  int32_t visible_x, visible_y, visible_width, visible_height;
  const void* planes[JF_MAX_PLANES];
  uint64_t offsets[JF_MAX_PLANES];
  int32_t strides[JF_MAX_PLANES];
} JfSurface;

/* Where a surface goes in its slot of the tensor, in pixels; the rest is padding. */
typedef struct JfRect {
  uint32_t struct_size;
  int32_t x, y, width, height;
} JfRect;

/* value = (sample - mean) * scale, per channel of the tensor; where that holds whole numbers,
 * rounded (halves to the even one) and kept within its type. */
typedef struct JfPreprocess {
  uint32_t struct_size;
  int32_t bgr;
  float mean[3];
  float scale[3];
  float pad[3]; /* in samples, before mean and scale */
} JfPreprocess;

/* Heads that an accelerator reads by itself. */
enum JfHead {
  /* dx, dy, log w, log h, objectness, a score for each class; grids at strides 8, 16 and 32. */
  JF_HEAD_YOLOX = 1
};

/* What of an output is worth bringing to the host. */
typedef struct JfFilter {
  uint32_t struct_size;
  int32_t head;
  /* Number of the output. */
  uint32_t output;
  /* Candidates of one item that are kept. */
  uint32_t most;
  float min_score;
} JfFilter;

/* A box in pixels of the model's input. `cell` tells candidates of equal score apart. */
typedef struct JfCandidate {
  float left, top, width, height, score;
  int32_t label;
  int32_t cell;
  int32_t reserved;
} JfCandidate;

/* Bytes copied since the context was made, counted where each copy is asked for. */
typedef struct JfTransfers {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t to_device_bytes;
  uint64_t to_host_bytes;
  uint64_t within_device_bytes;
} JfTransfers;

/* What one layer took in a run, in the mean. */
typedef struct JfLayerTime {
  uint32_t struct_size;
  uint32_t reserved;
  const char* name;
  double ms;
} JfLayerTime;

typedef struct JfContextFunctions {
  uint32_t struct_size;
  void (*destroy)(JfContext* context);
  /* Starts a run. Tensors in the order of the program's inputs and outputs, every dimension known.
   * Their memory (not the structs) stays untouched until `wait` has returned for this ticket. */
  int32_t (*submit)(JfContext* context, const JfTensor* const* inputs, uint32_t input_count,
                    const JfTensor* const* outputs, uint32_t output_count, uint64_t* ticket,
                    JfError* error);
  /* Returns when that run is over and its outputs are complete. Tickets are waited for in their
   * order, each once. */
  int32_t (*wait)(JfContext* context, uint64_t ticket, JfError* error);
  /* May be null: the caller then prepares on the CPU. Fills slots 0 to count-1 of `input` before
   * the next `submit` runs. Surfaces in memory that the accelerator reads by itself (all but
   * JF_HOST) stay untouched until `wait` has returned for that run. */
  int32_t (*prepare)(JfContext* context, const JfSurface* const* surfaces,
                     const JfRect* const* rects, uint32_t count, const JfPreprocess* preprocess,
                     const JfTensor* input, JfError* error);
  /* May be null. From the next `submit` on, in place of that output goes a float32 tensor
   * [N, 1 + most, 8]: for each item a row whose first word is the count of boxes that reached the
   * score (uint32; those beyond `most` were not kept), then JfCandidates in no order.
   * JF_UNSUPPORTED when the output is not of that head. Null for `filter`: the output as it is. */
  int32_t (*filter)(JfContext* context, const JfFilter* filter, JfError* error);
  /* May be null. */
  int32_t (*transfers)(JfContext* context, JfTransfers* transfers, JfError* error);
} JfContextFunctions;

typedef struct JfProgramFunctions {
  uint32_t struct_size;
  void (*destroy)(JfProgram* program); /* after its contexts */
  uint32_t (*input_count)(const JfProgram* program);
  uint32_t (*output_count)(const JfProgram* program);
  int32_t (*describe_input)(const JfProgram* program, uint32_t index, JfIo* io, JfError* error);
  int32_t (*describe_output)(const JfProgram* program, uint32_t index, JfIo* io, JfError* error);
  /* Contexts of one program share its weights. */
  int32_t (*new_context)(JfProgram* program, const JfContextOptions* options, JfContext** context,
                         JfError* error);
  /* The library's own description of what it made of the model, as JSON. */
  int32_t (*inspect)(JfProgram* program, const char** json, JfError* error);
  /* May be null. Does `runs` runs on these tensors, as `submit` takes them, in a context of its own
   * with the library's own profiler, and tells of each layer in the order in which they run.
   * Slower than a run at work, and never beside one that is measured. */
  int32_t (*profile)(JfProgram* program, const JfTensor* const* inputs, uint32_t input_count,
                     const JfTensor* const* outputs, uint32_t output_count, uint32_t runs,
                     void* user, void (*layer)(void* user, const JfLayerTime* time),
                     JfError* error);
} JfProgramFunctions;

typedef struct JfBackendFunctions {
  uint32_t struct_size;
  uint32_t abi_version;
  const JfProgramFunctions* program;
  const JfContextFunctions* context;
  /* A backend that was opened stays open until the process ends. */
  int32_t (*open)(const JfOpenOptions* options, JfBackend** backend, JfError* error);
  int32_t (*capabilities)(JfBackend* backend, JfCapabilities* capabilities, JfError* error);
  int32_t (*load)(JfBackend* backend, const JfLoadOptions* options, JfProgram** program,
                  JfError* error);
  /* Null without JF_BUILDS. */
  int32_t (*build)(JfBackend* backend, const JfBuildOptions* options, const JfBuildEvents* events,
                   JfError* error);
  /* Memory for tensors, of one JfMemory other than JF_HOST; both or neither. */
  int32_t (*allocate)(JfBackend* backend, int32_t memory, uint64_t bytes, void** data,
                      JfError* error);
  void (*release)(JfBackend* backend, int32_t memory, void* data);
  /* May be null. Compiles what the backend itself runs on a GPU of that compute capability (86 for
   * 8.6; 0: this machine's) into files of `folder`, which is there and empty: who is given them (a
   * folder named in JETFLEET_KERNELS) needs no compiler. JF_LIBRARY without one. */
  int32_t (*compile_kernels)(JfBackend* backend, const char* folder, uint32_t compute_capability,
                             JfError* error);
} JfBackendFunctions;

/* What a backend exports. Null, and `error`, when the version asked for is not its own. */
typedef const JfBackendFunctions* (*JfBackendEntry)(uint32_t abi_version, JfError* error);

#ifdef __cplusplus
}
#endif

#endif /* JETFLEET_BACKENDS_BACKEND_ABI_H_ */
