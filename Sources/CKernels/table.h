#pragma once
// One instruction set's implementations.
#include "ckernels.h"
#include <string.h>

typedef struct {
  void (*add)(float *, const float *, size_t);
  void (*relu)(float *, const float *, size_t);
  void (*relu_gradient)(float *, const float *, const float *, size_t);
  void (*keep_signs)(uint16_t *, const float *, size_t);
  void (*apply_signs)(float *, const float *, const uint16_t *, size_t);
  void (*add_row_sums)(float *, const float *, size_t, size_t);
  void (*affine)(float *, const float *, const float *, const float *, size_t, size_t, size_t);
  double (*dot)(const float *, const float *, size_t);
  void (*add_outer_products)(float *, const float *, size_t, const float *, size_t, size_t, size_t);
  void (*add_row_products)(float *, const float *, const float *, size_t, size_t, size_t);
  void (*random_bits)(uint32_t *, size_t, uint64_t, uint32_t, uint64_t, uint64_t);
  void (*normals)(float *, size_t, uint64_t, uint32_t, uint64_t, uint64_t);
  void (*add_noise)(float *, const float *, size_t, int, float, const float *, uint64_t, uint32_t,
                    uint64_t, uint64_t);
  void (*wide_normals)(double *, const uint64_t *, size_t);
  void (*multiply)(const float *, size_t, size_t, const float *, size_t, size_t, const float *,
                   const float *, int, float *, size_t);
  void (*pack)(const float *, size_t, size_t, size_t, size_t, float *);
  void (*winograd_run)(const ck_winograd *, const float *, const float *, const float *,
                       const float *, int, float *, uint8_t *, size_t, float *);
  void (*winograd_pack)(const ck_winograd *, const float *, int, float *);
  void (*winograd_weights)(const ck_winograd *, const float *, const float *, const uint8_t *, int,
                           float *, float *, size_t, float *);
  void (*shallow_run)(const ck_window *, const float *, const float *, const float *, int, int,
                      float *, uint16_t *, size_t, float *);
  void (*shallow_gradient)(const ck_window *, const float *, const uint16_t *, const float *, int,
                           float *, size_t, float *);
  void (*max_pool)(const ck_window *, const float *, float *, uint16_t *, int);
  void (*max_pool_gradient)(const ck_window *, const float *, const uint16_t *, float *);
} ck_table;

extern const ck_table ck_table_portable;
#if defined(__x86_64__)
extern const ck_table ck_table_avx2, ck_table_avx512;
#endif
