// Weights in the order in which the kernels read them; done once per plan.
#include "winograd.h"
#include <string.h>

size_t ck_packed_count(size_t k, size_t n) { return (n + 31) / 32 * 32 * k; }

void ck_pack(const float *b, size_t k, size_t n, size_t row, size_t column, float *packed) {
  for (size_t start = 0; start < n; start += 32)
    for (size_t i = 0; i < k; i++, packed += 32)
      for (size_t j = 0; j < 32; j++)
        packed[j] = start + j < n ? b[i * row + (start + j) * column] : 0;
}

size_t ck_winograd_filter_count(const ck_winograd *w) {
  const winograd_layout l = winograd_plan(w);
  return (size_t)l.positions * l.in_channels * l.out_channels;
}

size_t ck_winograd_scratch_count(const ck_winograd *w) { return winograd_plan(w).count; }

// Filter transforms G for the points named in winograd.inc, exact fractions rounded to double.
static const double g3[6][3] = {{1. / 4, 0, 0},
                                {-1. / 6, -1. / 6, -1. / 6},
                                {-1. / 6, 1. / 6, -1. / 6},
                                {1. / 24, 1. / 12, 1. / 6},
                                {1. / 24, -1. / 12, 1. / 6},
                                {0, 0, 1}};
static const double g5[8][5] = {{-1. / 4, 0, 0, 0, 0},
                                {-1. / 18, -1. / 18, -1. / 18, -1. / 18, -1. / 18},
                                {-1. / 18, 1. / 18, -1. / 18, 1. / 18, -1. / 18},
                                {1. / 360, 1. / 180, 1. / 90, 1. / 45, 2. / 45},
                                {1. / 360, -1. / 180, 1. / 90, -1. / 45, 2. / 45},
                                {16. / 45, 8. / 45, 4. / 45, 2. / 45, 1. / 45},
                                {16. / 45, -8. / 45, 4. / 45, -2. / 45, 1. / 45},
                                {0, 0, 0, 0, 1. / 4}};

void ck_winograd_pack(const ck_winograd *w, const float *weights, int adjoint, float *filters) {
  const winograd_layout l = winograd_plan(w);
  const int r = w->kernel, a = r + 3;
  const size_t position = (size_t)l.out_channels * l.in_channels;
  memset(filters, 0, position * l.positions * sizeof(float));
  for (int o = 0; o < w->out_channels; o++)
    for (int i = 0; i < w->in_channels; i++) {
      const float *from = weights + ((size_t)(adjoint ? i * w->out_channels + o
                                                      : o * w->in_channels + i)) * r * r;
      double half[8][5];
      for (int y = 0; y < a; y++)
        for (int x = 0; x < r; x++) {
          double sum = 0;
          for (int k = 0; k < r; k++) {
            const float value = adjoint ? from[(r - 1 - k) * r + r - 1 - x] : from[k * r + x];
            sum += (r == 3 ? g3[y][k] : g5[y][k]) * value;
          }
          half[y][x] = sum;
        }
      float *to = filters + (size_t)(o / 32) * 32 * l.in_channels + (size_t)i * 32 + o % 32;
      for (int y = 0; y < a; y++)
        for (int x = 0; x < a; x++) {
          double sum = 0;
          for (int k = 0; k < r; k++) sum += half[y][k] * (r == 3 ? g3[x][k] : g5[x][k]);
          to[(size_t)(y * a + x) * position] = (float)sum;
        }
    }
}
