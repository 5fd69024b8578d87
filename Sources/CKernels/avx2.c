#pragma clang diagnostic ignored "-Wpsabi"
#include "shallow.h"
#include "table.h"
#include "winograd.h"
#if defined(__x86_64__)
#define SET avx2
#define GROUP_ROWS 4
#define GROUP_VECTORS 1
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi2"))), apply_to = function)
#include "kernels.inc"
#pragma clang attribute pop
#endif
