#pragma once

// TensorRT's headers include CUDA's for two names, and the toolkit need not be installed: the
// driver's functions are found by dlopen (cuda/).
typedef struct CUevent_st* cudaEvent_t;
typedef struct CUstream_st* cudaStream_t;
