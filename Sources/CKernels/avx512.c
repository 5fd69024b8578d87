#pragma clang diagnostic ignored "-Wpsabi"
#include "shallow.h"
#include "table.h"
#include "winograd.h"
#if defined(__x86_64__)
#define SET avx512
#define GROUP_ROWS 8
#define GROUP_VECTORS 2
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
