// Chooses the implementations, each thread at its first call.
#include "table.h"

static _Thread_local const ck_table *chosen;
static _Thread_local int chosen_set;

static int supported(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return CK_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return CK_AVX2;
#endif
  return CK_PORTABLE;
}

int ck_limit_instruction_set(int limit) {
  int set = supported();
  if (set > limit) set = limit;
  const ck_table *table = &ck_table_portable;
#if defined(__x86_64__)
  if (set == CK_AVX512) table = &ck_table_avx512;
  if (set == CK_AVX2) table = &ck_table_avx2;
#endif
  chosen_set = set;
  chosen = table;
  return set;
}

static inline const ck_table *ck(void) {
  if (!chosen) ck_limit_instruction_set(CK_AVX512);
  return chosen;
}

int ck_instruction_set(void) {
  ck();
  return chosen_set;
}

void ck_add(float *y, const float *x, size_t n) { ck()->add(y, x, n); }
void ck_relu(float *y, const float *x, size_t n) { ck()->relu(y, x, n); }
void ck_relu_gradient(float *dx, const float *dy, const float *y, size_t n) {
  ck()->relu_gradient(dx, dy, y, n);
}
void ck_keep_signs(uint16_t *signs, const float *y, size_t n) { ck()->keep_signs(signs, y, n); }
void ck_apply_signs(float *dx, const float *dy, const uint16_t *signs, size_t n) {
  ck()->apply_signs(dx, dy, signs, n);
}
void ck_add_row_sums(float *sums, const float *x, size_t rows, size_t n) {
  ck()->add_row_sums(sums, x, rows, n);
}
void ck_affine(float *y, const float *x, const float *scale, const float *shift, size_t n,
               size_t channels, size_t inner) {
  ck()->affine(y, x, scale, shift, n, channels, inner);
}
double ck_dot(const float *x, const float *y, size_t n) { return ck()->dot(x, y, n); }
void ck_add_outer_products(float *c, const float *g, size_t ldg, const float *a, size_t m, size_t n,
                           size_t count) {
  ck()->add_outer_products(c, g, ldg, a, m, n, count);
}
void ck_add_row_products(float *c, const float *a, const float *b, size_t m, size_t n, size_t k) {
  ck()->add_row_products(c, a, b, m, n, k);
}
void ck_random_bits(uint32_t *out, size_t n, uint64_t seed, uint32_t high, uint64_t middle,
                    uint64_t block) {
  ck()->random_bits(out, n, seed, high, middle, block);
}
void ck_normals(float *out, size_t n, uint64_t seed, uint32_t high, uint64_t middle,
                uint64_t block) {
  ck()->normals(out, n, seed, high, middle, block);
}
void ck_add_noise(float *y, const float *x, size_t n, int laplace, float scale,
                  const float *scales, uint64_t seed, uint32_t high, uint64_t middle,
                  uint64_t block) {
  ck()->add_noise(y, x, n, laplace, scale, scales, seed, high, middle, block);
}
void ck_wide_normals(double *out, const uint64_t *bits, size_t n) {
  ck()->wide_normals(out, bits, n);
}
void ck_multiply(const float *a, size_t lda, size_t m, const float *packed, size_t k, size_t n,
                 const float *bias, const float *shift, int relu, float *c, size_t ldc) {
  ck()->multiply(a, lda, m, packed, k, n, bias, shift, relu, c, ldc);
}
void ck_winograd_run(const ck_winograd *w, const float *x, const float *filters,
                     const float *direct, const float *bias, int relu, float *y, uint8_t *places,
                     size_t images, float *scratch) {
  ck()->winograd_run(w, x, filters, direct, bias, relu, y, places, images, scratch);
}
void ck_pack(const float *b, size_t k, size_t n, size_t row, size_t column, float *packed) {
  ck()->pack(b, k, n, row, column, packed);
}
void ck_winograd_pack(const ck_winograd *w, const float *weights, int first, float *filters) {
  ck()->winograd_pack(w, weights, first, filters);
}
void ck_winograd_weights(const ck_winograd *w, const float *x, const float *dy,
                         const uint8_t *places, int adds, float *dw, float *db, size_t images,
                         float *scratch) {
  ck()->winograd_weights(w, x, dy, places, adds, dw, db, images, scratch);
}
void ck_shallow_run(const ck_window *w, const float *x, const float *packed, const float *bias,
                    int filters, int relu, float *y, uint16_t *choice, size_t images,
                    float *scratch) {
  ck()->shallow_run(w, x, packed, bias, filters, relu, y, choice, images, scratch);
}
void ck_shallow_gradient(const ck_window *w, const float *dy, const uint16_t *choice,
                         const float *packed, int filters, float *dx, size_t images,
                         float *scratch) {
  ck()->shallow_gradient(w, dy, choice, packed, filters, dx, images, scratch);
}
void ck_max_pool(const ck_window *w, const float *x, float *y, uint16_t *choice, int relu) {
  ck()->max_pool(w, x, y, choice, relu);
}
void ck_max_pool_gradient(const ck_window *w, const float *dy, const uint16_t *choice, float *dx) {
  ck()->max_pool_gradient(w, dy, choice, dx);
}
